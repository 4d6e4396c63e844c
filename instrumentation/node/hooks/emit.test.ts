/** The queue that JavaScript writes and the addon reads, read here as native/addon.c does. */
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { events } from "../../../src/environments/node/index.ts";

const { emitters } = createRequire(import.meta.url)("./emit.cjs");
const [queueNumbers, queueBytes] = [1024, 8192];

/** An addon that keeps what it is told as `name: numbers, "strings"`, without times. `words` is how many it has room for. */
function fakeAddon(words: number) {
  const queue = new ArrayBuffer(8 + 8 * queueNumbers + queueBytes);
  const used = new Int32Array(queue, 0, 2);
  const numbers = new Float64Array(queue, 8, queueNumbers);
  const bytes = new Uint8Array(queue, 8 + 8 * queueNumbers);
  const learned: string[] = [];
  const told: string[] = [];
  const times: number[] = [];
  const tell = () => {
    let text = 0;
    let at = 0;
    while (at < (used[0] ?? 0)) {
      const definition = events[numbers[at++] ?? -1];
      if (definition === undefined) throw new Error("no such event");
      const values = definition.fields
        .filter(({ name, type }) => type !== "string" && name !== "environment")
        .map(() => numbers[at++] ?? NaN);
      times.push(values.pop() ?? NaN);
      const strings = definition.fields
        .filter(({ type }) => type === "string")
        .map(() => {
          const word = numbers[at++] ?? NaN;
          if (word > 0) return learned[word - 1] ?? "?";
          const start = text;
          text = start - word + 1;
          expect(bytes[text - 1]).toBe(0);
          return new TextDecoder().decode(bytes.subarray(start, text - 1));
        });
      told.push(`${definition.name}: ${[...values, ...strings.map((string) => JSON.stringify(string))].join(", ")}`);
    }
    expect([at, text]).toEqual([used[0], used[1]]);
    used.fill(0);
  };
  const learn = (word: unknown) => (typeof word === "string" && learned.length < words ? learned.push(word) : 0);
  let now = 0;
  const all = emitters({ queue, tell, learn, setClock: () => undefined }, () => ++now);
  return { ...all, tell, told, times, used, learned };
}

it("keeps events until they are told, in order, each with its time", () => {
  const addon = fakeAddon(10);
  addon.emit.http_server_receive(1, 2, 3, 400, "GET", "/a/b");
  addon.emit.socket_close(2, 3, 400, 500);
  addon.emit.store_command(1, 5, 6, 2, 1, 10, 20, "get");
  addon.emit.store_command(1, 5, 6, 2, 1, 20, 30, "get");
  expect(addon.told).toEqual([]);
  addon.tell();
  expect(addon.told).toEqual([
    'http_server_receive: 1, 2, 3, 400, "GET", "/a/b"',
    "socket_close: 2, 3, 400, 500",
    'store_command: 1, 5, 6, 2, 1, 10, 20, "get"',
    'store_command: 1, 5, 6, 2, 1, 20, 30, "get"',
  ]);
  expect(addon.learned).toEqual(["GET", "get"]);
  expect(addon.times).toEqual([...addon.times].sort((left: number, right: number) => left - right));
});

it("tells at once where that is asked for", () => {
  const addon = fakeAddon(10);
  addon.tellAtOnce(true);
  addon.emit.socket_close(2, 3, 400, 500);
  expect(addon.told).toHaveLength(1);
});

it("makes room by telling, loses nothing, and stays within its memory: long texts, and more words than there is room for", () => {
  const addon = fakeAddon(3);
  const expected: string[] = [];
  for (let i = 0; i < 2000; i++) {
    const path = `/${"x".repeat((i * 37) % 700)}`;
    addon.emit.http_server_receive(i, 2, 3, 400, `M${i % 7}`, path);
    expected.push(`http_server_receive: ${i}, 2, 3, 400, "M${i % 7}", ${JSON.stringify(path.slice(0, 511))}`);
    expect(addon.used[0]).toBeLessThanOrEqual(queueNumbers);
    expect(addon.used[1]).toBeLessThanOrEqual(queueBytes);
  }
  addon.tell();
  expect(addon.told).toEqual(expected);
});

it("tells texts that are not ASCII whole or cut between characters, and what is no text as none", () => {
  const addon = fakeAddon(0);
  addon.emit.process_info(0, 0, "größe", "ü".repeat(400), undefined);
  addon.emit.dns(1, 2, { toString: () => "host" });
  addon.tell();
  expect(addon.told).toEqual([`process_info: 0, 0, "größe", "${"ü".repeat(255)}", ""`, 'dns: 1, 2, ""']);
});
