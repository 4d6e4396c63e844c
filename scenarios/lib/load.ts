/** Load as most scenarios have it: some clients that each send the next command once the last one is answered, for as long as something else goes on. */
import { setTimeout as delay } from "node:timers/promises";
import type { ScenarioContext } from "../contract.ts";
import { type Client, withClients } from "./client.ts";
import { pick, random } from "./random.ts";

export type NextCommand = (next: () => number) => readonly (string | Buffer)[];

/** Four reads for each write, on a thousand keys. */
export const readsAndWrites: NextCommand = (next) => {
  const key = `key:${pick(next, 1000)}`;
  return next() < 0.8 ? ["get", key] : ["set", key, "x".repeat(1 + pick(next, 100))];
};

/** Waits, and throws CANCELLED when the scenario is told to stop. */
export async function pause(context: Pick<ScenarioContext, "signal">, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: context.signal });
}

/**
 * Runs `clients` closed loops of `command` while `meanwhile` runs; each waits a little between two commands, about `thinkMs`, so that the machine is not
 * full. Fails when one of the loops does.
 */
export async function underLoad(
  context: ScenarioContext,
  port: number,
  options: { readonly clients: number; readonly thinkMs: number; readonly command?: NextCommand },
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { command = readsAndWrites, thinkMs } = options;
  await withClients(port, options.clients, async (clients) => {
    let isOver = false;
    const loop = async (client: Client, number: number): Promise<void> => {
      const next = random(context.seed * 1000 + number);
      while (!isOver) {
        await client.ask(...command(next));
        await delay(thinkMs * next() * 2);
      }
    };
    const loops = Promise.all(clients.map(loop));
    try {
      await Promise.race([meanwhile(), loops]);
    } finally {
      isOver = true;
    }
    await loops;
  });
}
