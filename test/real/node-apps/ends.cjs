// A service that can be held up for ever, end in the middle of a request, and be busy for long between two events. Says its port.
const http = require("node:http");

const server = http.createServer((request, response) => {
  if (request.url === "/hang") for (;;);
  if (request.url === "/exit") process.exit(0);
  // Without garbage: a collection tells what came before it.
  if (request.url === "/busy") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  response.end("done");
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
