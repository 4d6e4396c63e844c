// A service that can be held up for ever, end in the middle of a request, and be busy for long between two events. Says its port.
const http = require("node:http");

const server = http.createServer((request, response) => {
  if (request.url === "/hang") for (;;);
  if (request.url === "/exit") process.exit(0);
  if (request.url === "/busy") for (const end = Date.now() + 100; Date.now() < end; );
  response.end("done");
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
