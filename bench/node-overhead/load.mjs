// Asks a service over connections that are kept, each for the next as soon as it has its answer: `load.mjs PORT`. Each line it reads, `PATH CONNECTIONS MS`, is one
// stretch of load; it answers with a line of JSON: requests and their latencies.
import net from "node:net";
import { createInterface } from "node:readline";

const port = Number(process.argv[2]);
const sockets = [];

async function load(path, connections, ms) {
  while (sockets.length < connections) {
    const socket = net.connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    sockets.push(socket);
    await new Promise((resolve) => socket.once("connect", resolve));
  }
  const latencies = [];
  const end = performance.now() + ms;
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await Promise.all(
    sockets.slice(0, connections).map(
      (socket) =>
        new Promise((resolve) => {
          let begun = performance.now();
          const onData = (chunk) => {
            // The answer is small: it comes whole.
            if (!chunk.toString("latin1").endsWith("ok")) throw new Error(`an answer in pieces: ${chunk}`);
            const now = performance.now();
            latencies.push(now - begun);
            begun = now;
            if (now < end) socket.write(request);
            else {
              socket.off("data", onData);
              resolve();
            }
          };
          socket.on("data", onData);
          socket.write(request);
        }),
    ),
  );
  latencies.sort((left, right) => left - right);
  const at = (part) => latencies[Math.floor(latencies.length * part)] * 1000;
  return { requests: latencies.length, p50Us: at(0.5), p99Us: at(0.99) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [path, connections, ms] = line.split(" ");
  console.log(JSON.stringify(await load(path, Number(connections), Number(ms))));
}
process.exit(0);
