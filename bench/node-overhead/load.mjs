// Asks services over connections that are kept: `load.mjs PORT...`. Each line it reads, `PATH CONNECTIONS MS RATE`, is one stretch of load, of so many requests a second for
// each service (0: of as many as there can be); it answers with a line of JSON: for each service its requests and their latencies.
//
// Each connection asks for the next as soon as it has its answer, all services at the same time. With one connection and several services they are asked by
// turns, so that none is busy while another one's latency is measured.
import net from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** The services, as their sockets. */
const services = process.argv.slice(2).map((port) => ({ port: Number(port), sockets: [] }));

async function connect({ port, sockets }, connections) {
  while (sockets.length < connections) {
    const socket = net.connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    sockets.push(socket);
    await new Promise((resolve) => socket.once("connect", resolve));
  }
}

/** Asks once; the callback gets how long it took, in ms. */
function ask(socket, request, onAnswer) {
  const sent = performance.now();
  socket.once("data", (chunk) => {
    // The answer is small: it comes whole.
    if (!chunk.toString("latin1").endsWith("ok")) throw new Error(`an answer in pieces: ${chunk}`);
    onAnswer(performance.now() - sent);
  });
  socket.write(request);
}

function byTurns(request, end, latencies) {
  return new Promise((resolve) => {
    const next = (i) => {
      if (i === 0 && performance.now() >= end) return resolve();
      ask(services[i].sockets[0], request, (latency) => {
        latencies[i].push(latency);
        next((i + 1) % services.length);
      });
    };
    next(0);
  });
}

function onOne(socket, request, end, pause, latencies) {
  return new Promise((resolve) => {
    const next = () =>
      ask(socket, request, async (latency) => {
        latencies.push(latency);
        const wait = Math.max(0, pause - latency);
        if (performance.now() + wait >= end) return resolve();
        if (wait > 0) await sleep(wait);
        next();
      });
    next();
  });
}

async function load(path, connections, ms, rate) {
  for (const service of services) await connect(service, connections);
  const latencies = services.map(() => []);
  const end = performance.now() + ms;
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  // Each connection has its part of the rate.
  const pause = rate > 0 ? (1000 * connections) / rate : 0;
  if (connections === 1 && services.length > 1) await byTurns(request, end, latencies);
  else
    await Promise.all(
      services.flatMap(({ sockets }, i) => sockets.slice(0, connections).map((socket) => onOne(socket, request, end, pause, latencies[i]))),
    );
  return latencies.map((own) => {
    own.sort((left, right) => left - right);
    const at = (part) => own[Math.floor(own.length * part)] * 1000;
    return { requests: own.length, p50Us: at(0.5), p99Us: at(0.99) };
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [path, connections, ms, rate] = line.split(" ");
  console.log(JSON.stringify(await load(path, Number(connections), Number(ms), Number(rate))));
}
process.exit(0);
