// Asks a service over connections that are kept, each for the next as soon as it has its answer: `load.mjs PORT`. Each line it reads, `PATH CONNECTIONS MS RATE`, is one
// stretch of load, of so many requests a second (0: of as many as there can be); it answers with a line of JSON: requests and their latencies.
import net from "node:net";
import { createInterface } from "node:readline";

const port = Number(process.argv[2]);
const sockets = [];

async function load(path, connections, ms, rate) {
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
          let sent = performance.now();
          const ask = () => {
            sent = performance.now();
            socket.write(request);
          };
          const onData = (chunk) => {
            // The answer is small: it comes whole.
            if (!chunk.toString("latin1").endsWith("ok")) throw new Error(`an answer in pieces: ${chunk}`);
            const now = performance.now();
            latencies.push(now - sent);
            // Each connection has its part of the rate.
            const wait = rate > 0 ? Math.max(0, (1000 * connections) / rate - (now - sent)) : 0;
            if (now + wait < end) {
              if (wait === 0) ask();
              else setTimeout(ask, wait);
            } else {
              socket.off("data", onData);
              resolve();
            }
          };
          socket.on("data", onData);
          ask();
        }),
    ),
  );
  latencies.sort((left, right) => left - right);
  const at = (part) => latencies[Math.floor(latencies.length * part)] * 1000;
  return { requests: latencies.length, p50Us: at(0.5), p99Us: at(0.99) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [path, connections, ms, rate] = line.split(" ");
  console.log(JSON.stringify(await load(path, Number(connections), Number(ms), Number(rate))));
}
process.exit(0);
