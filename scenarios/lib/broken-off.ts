/**
 * TLS clients that break off in the middle of large values: what makes Redis 7 read one connection on two io threads.
 *
 *     six SETs of 33 to 42 kB, pipelined   |=====|=====|=====|=====|=====|=====|
 *     written at once                      |=============^ cut
 *     0 to 3 ms later                                    |-----^ and gone
 *
 * For a value of 32 kB and more Redis asks OpenSSL for no more bytes than the value still needs, so that some stay inside OpenSSL whenever a record holds
 * the end of one value and the begin of the next: the connection is then on TLS's own list of pending reads. Bytes, or the end, that come right
 * then make its socket readable as well.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { encode } from "./client.ts";
import { pick, random } from "./random.ts";
import type { TlsEndpoint } from "./single-server.ts";

const values = 6;
const smallest = 33_000;
const spread = 9_000;
const longestPauseMs = 3;

/** One connection from start to end. The server may go away meanwhile: that is no failure of the load. */
async function breakOff(tls: TlsEndpoint, next: () => number): Promise<void> {
  const pipeline = Buffer.concat(
    Array.from({ length: values }, (_, i) => encode(["set", `broken:${i}`, Buffer.alloc(smallest + pick(next, spread), 120)])),
  );
  const cut = pick(next, pipeline.length);
  const more = cut + pick(next, pipeline.length - cut);
  const pauseMs = next() * longestPauseMs;
  const socket = connect({ port: tls.port, host: "127.0.0.1", ca: tls.certificate, checkServerIdentity: () => undefined });
  const secured = new Promise<void>((resolve) => socket.once("secureConnect", resolve));
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined); // `close` follows.
  try {
    await Promise.race([secured, gone]);
    if (socket.destroyed) return;
    socket.write(pipeline.subarray(0, cut));
    await delay(pauseMs);
    socket.write(pipeline.subarray(cut, more));
  } finally {
    socket.destroy();
    await gone;
  }
}

/** `clients` at a time break off, one after another, until `isOver`. */
export async function breakOffUntil(isOver: () => boolean, tls: TlsEndpoint, clients: number, seed: number): Promise<void> {
  const loop = async (number: number): Promise<void> => {
    const next = random(seed * 1000 + number);
    while (!isOver()) await breakOff(tls, next);
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => loop(number)));
}
