// The service that is measured: `app.mjs REDIS_PORT`. /calls/N asks the store N times, one after the other. Prints its port.
import express from "express";
import Redis from "ioredis";

const redis = new Redis({ port: Number(process.argv[2]) });
const app = express();
app.get("/calls/:count", async (request, response) => {
  for (let i = 0; i < Number(request.params.count); i++) await (i % 2 === 0 ? redis.set("key", "value") : redis.get("key"));
  response.send("ok");
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
server.keepAliveTimeout = 0;
