/**
 * TLS clients whose large values come in parts: what makes Redis 7 read one connection on two io threads.
 *
 *     six SETs of 33 to 42 kB, pipelined   |=====|=====|=====|=====|=====|=====|
 *     written at once                      |=============^ cut
 *     0 to 3 ms later                                    |-----^ and gone, or the whole rest, and all over again
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

export interface LargeValues {
  readonly tls: TlsEndpoint;
  readonly clients: number;
  /** Leave in the middle and come back, rather than stay. */
  readonly breaksOff: boolean;
  readonly seed: number;
}

/** One connection from start to end. The server may go away meanwhile: that is no failure of the load. */
async function connection({ tls, breaksOff }: LargeValues, next: () => number, over: AbortSignal): Promise<void> {
  const socket = connect({ port: tls.port, host: "127.0.0.1", ca: tls.certificate, checkServerIdentity: () => undefined });
  const event = (name: string) => new Promise<void>((resolve) => socket.once(name, () => resolve()));
  const [secured, gone] = [event("secureConnect"), event("close")];
  socket.on("error", () => undefined); // `close` follows.
  socket.resume();
  const leave = () => socket.destroy();
  over.addEventListener("abort", leave);
  try {
    await Promise.race([secured, gone]);
    do {
      const pipeline = Buffer.concat(
        Array.from({ length: values }, (_, i) => encode(["set", `large:${i}`, Buffer.alloc(smallest + pick(next, spread), 120)])),
      );
      const cut = pick(next, pipeline.length);
      const end = breaksOff ? cut + pick(next, pipeline.length - cut) : pipeline.length;
      if (socket.destroyed) return;
      socket.write(pipeline.subarray(0, cut));
      await delay(next() * longestPauseMs);
      if (socket.destroyed) return;
      if (!socket.write(pipeline.subarray(cut, end)) && !breaksOff) await Promise.race([event("drain"), gone]);
    } while (!breaksOff);
  } finally {
    over.removeEventListener("abort", leave);
    socket.destroy();
    await gone;
  }
}

/** Keeps `clients` connections at work, one after another each, until `over` is aborted: then all leave at once, for a server may hang as it dies. */
export async function sendLargeValues(load: LargeValues, over: AbortSignal): Promise<void> {
  const loop = async (number: number): Promise<void> => {
    const next = random(load.seed * 1000 + number);
    while (!over.aborted) await connection(load, next, over);
  };
  await Promise.all(Array.from({ length: load.clients }, (_, number) => loop(number)));
}
