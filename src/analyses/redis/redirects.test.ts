import { describe, expect, it } from "vitest";
import type { TableBuilder } from "../../state/contract.ts";
import type { SpoolRows } from "../contract.ts";
import { noRequest, type RedirectColumn, redirectColumns } from "./keys.ts";
import { hopWidth, isSetup, joinRedirects, type PartHops } from "./redirects.ts";

/** A request of a cluster that exists on paper. */
interface Sent {
  readonly node: number;
  readonly connection: number;
  readonly command: number;
  readonly bytes: number;
  readonly arrived: number;
  readonly answered: number;
  /** Id of the ASKING before it; -1. */
  readonly asking: number;
  /** Kind and node of a redirect. */
  readonly redirect: { readonly kind: number; readonly to: number } | undefined;
  readonly isAlone: boolean;
  /** The redirected request that this one really follows. */
  readonly follows: Sent | undefined;
}

const commands = ["get", "set", "mget"];
const nodes = 3;
const unknown = 0xffff_ffff;
const patience = 1e9;
const clock = 1000;

function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Clients with a connection to each node, whose every command goes to some node first. One that waits sends nothing before it has its answer. */
function load(seed: number, clients: readonly { readonly waits: boolean }[], commandsEach: number): readonly Sent[] {
  const next = numbers(seed);
  const sent: Sent[] = [];
  const busyUntil = clients.map(() => Array.from({ length: nodes }, () => 0));
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low));
  for (const [client, { waits }] of clients.entries()) {
    let now = between(0, 100_000);
    for (let i = 0; i < commandsEach; i++) {
      const command = between(0, 2);
      const bytes = 30 + between(0, 2);
      const owner = between(0, nodes);
      let node = between(0, nodes);
      let at = now;
      let before: Sent | undefined;
      for (let hop = 0; hop < 3; hop++) {
        const arrived = at + between(5_000, 40_000);
        const start = Math.max(arrived, (busyUntil[client] as number[])[node] as number);
        const answered = start + between(2_000, 30_000);
        const isWrong = node !== owner && hop < 2;
        const isAsked = before?.redirect?.kind === 2;
        const one: Sent = {
          node,
          connection: client * nodes + node,
          command,
          bytes,
          arrived,
          answered,
          asking: isAsked ? 1_000_000 + sent.length : -1,
          redirect: isWrong ? { kind: next() < 0.3 ? 2 : 1, to: hop === 0 && next() < 0.1 ? 3 - node - owner : owner } : undefined,
          isAlone: start === arrived,
          follows: before,
        };
        (busyUntil[client] as number[])[node] = answered;
        sent.push(one);
        at = answered;
        if (one.redirect === undefined) break;
        node = one.redirect.to;
        before = one;
      }
      now = waits ? at + between(5_000, 50_000) : now + between(1_000, 30_000);
    }
  }
  return sent.sort((left, right) => left.answered - right.answered);
}

/** Each node is a part of its own. */
function parts(sent: readonly Sent[], clients: number): readonly PartHops[] {
  return Array.from({ length: nodes }, (_, node): PartHops => {
    const rows = sent.flatMap((one, id) => {
      if (one.node !== node) return [];
      const row = (kind: number, ...rest: readonly number[]): Float64Array => {
        const values = new Float64Array(hopWidth);
        values.set([one.answered, kind, id, (one.connection - node) / nodes, one.command, one.bytes, one.arrived, ...rest]);
        return values;
      };
      const { redirect } = one;
      return [row(0, one.asking), ...(redirect === undefined ? [] : [row(redirect.kind, 7, redirect.to, one.isAlone ? 1 : 0)])];
    });
    return {
      processes: [
        {
          process: node,
          commands,
          rows: (): SpoolRows => {
            let at = -1;
            const row = new Float64Array(hopWidth);
            return {
              row,
              next: () => {
                row.set(rows[++at] ?? []);
                return at < rows.length;
              },
            };
          },
        },
      ],
      connections: Array.from({ length: clients }, (_each, client) => ({
        process: 0,
        local: `h/127.0.0.1:${7000 + node}`,
        remote: `h/127.0.0.1:${40_000 + client * nodes + node}`,
        opened: 0,
        closed: Number.POSITIVE_INFINITY,
        calls: false,
      })),
      targets: Array.from({ length: nodes }, (_each, to) => ({ text: `127.0.0.1:${7000 + to}`, address: `h/127.0.0.1:${7000 + to}` })),
      redirected: [
        ...new Set(sent.filter((one) => one.node === node && one.redirect !== undefined).map((one) => (one.connection - node) / nodes)),
      ],
      firstRequest: 0,
      firstConnection: node * clients,
    };
  });
}

type Row = Readonly<Record<RedirectColumn, number>>;

function join(sent: readonly Sent[], clients: number): ReadonlyMap<number, Row> {
  const found = new Map<number, Row>();
  const table: TableBuilder = {
    columns: redirectColumns,
    intern: () => 0,
    append(values) {
      const row = Object.fromEntries(redirectColumns.map(({ name }, i) => [name, values[i] as number])) as Row;
      expect(found.has(row.request)).toBe(false);
      found.set(row.request, row);
      return found.size - 1;
    },
    get rowCount() {
      return found.size;
    },
  };
  joinRedirects(parts(sent, clients), table);
  return found;
}

/** The rule of redirects.ts, word by word: every pair is looked at. Gives the repeat of each redirect that has one. */
function followed(sent: readonly Sent[]): ReadonlyMap<Sent, Sent> {
  const on = new Map<number, Sent[]>();
  for (const one of sent) on.set(one.connection, [...(on.get(one.connection) ?? []), one]);
  const overlaps = (a: number, b: number): boolean =>
    (on.get(a) ?? []).some((p) => (on.get(b) ?? []).some((q) => p.arrived + clock < q.answered && q.arrived + clock < p.answered));
  const others = (to: number): readonly number[] => [...on.keys()].filter((each) => each % nodes === to);
  const candidates = new Map<string, readonly number[]>();
  const possible = (a: number, to: number): readonly number[] => {
    const key = `${a}>${to}`;
    const known = candidates.get(key) ?? others(to).filter((b) => !overlaps(a, b));
    candidates.set(key, known);
    return known;
  };
  const redirects = sent.filter(({ redirect, isAlone, bytes }) => redirect !== undefined && isAlone && bytes !== unknown);
  /** The next on B, if A has not gone on by then; "none" where A has. */
  const nextOn = (r: Sent, b: number): Sent | "none" | undefined => {
    const onward = (on.get(r.connection) ?? []).find((each) => each.answered > r.answered);
    const c = (on.get(b) ?? []).find((each) => each.answered > r.answered && each.arrived >= r.answered - clock);
    if (c !== undefined && (onward === undefined || c.answered < onward.answered)) return c;
    return onward === undefined ? undefined : "none";
  };
  const fits = (r: Sent, c: Sent): boolean => c.command === r.command && c.bytes === r.bytes && c.asking >= 0 === (r.redirect?.kind === 2);
  const missed = new Set<string>();
  const times = new Map<string, number>();
  for (const r of redirects)
    for (const b of possible(r.connection, r.redirect!.to)) {
      const c = nextOn(r, b);
      const key = `${r.connection}>${b}`;
      if (c === "none" || (c !== undefined && !fits(r, c))) missed.add(key);
      else if (c !== undefined) times.set(key, (times.get(key) ?? 0) + 1);
    }
  const hits = new Map<Sent, Sent[]>();
  for (const r of redirects)
    for (const b of possible(r.connection, r.redirect!.to)) {
      const c = missed.has(`${r.connection}>${b}`) ? undefined : nextOn(r, b);
      if (c !== undefined && c !== "none" && fits(r, c) && c.arrived - r.answered <= patience) hits.set(r, [...(hits.get(r) ?? []), c]);
    }
  const claims = new Map<Sent, number>();
  for (const each of hits.values()) for (const c of each) claims.set(c, (claims.get(c) ?? 0) + 1);
  const found = new Map<Sent, Sent>();
  for (const [r, [c, ...more]] of hits) {
    if (c === undefined || more.length > 0 || claims.get(c) !== 1) continue;
    const onward = (on.get(r.connection) ?? []).find((each) => each.answered > r.answered);
    const isSole = others(r.redirect!.to).length === 1;
    if (onward !== undefined && onward.arrived < c.arrived) continue;
    if (isSole || (times.get(`${r.connection}>${c.connection}`) ?? 0) >= 8) found.set(r, c);
  }
  return found;
}

const waiting = { waits: true };
const busy = { waits: false };
const mixes: readonly (readonly { readonly waits: boolean }[])[] = [
  [waiting],
  [busy],
  [waiting, waiting],
  [waiting, waiting, waiting, waiting],
  [waiting, busy],
  [busy, busy, waiting],
];

describe("redirects", () => {
  it("are joined as the rule says when every pair is looked at, and never to what does not follow them", () => {
    let joined = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const clients = mixes[seed % mixes.length]!;
      const sent = load(seed, clients, 40);
      const rows = join(sent, clients.length);
      const truth = followed(sent);
      expect(rows.size).toBe(sent.filter(({ redirect }) => redirect !== undefined).length);
      for (const [request, row] of rows) {
        const expected = truth.get(sent[request]!);
        expect(row.repeat, `seed ${seed}, request ${request}`).toBe(expected === undefined ? noRequest : sent.indexOf(expected));
        if (expected === undefined) continue;
        joined++;
        expect(expected.follows).toBe(sent[request]);
        expect(row).toMatchObject({
          asking: expected.asking < 0 ? noRequest : expected.asking,
          to: expected.node,
          resumed: expected.arrived,
        });
        expect(row).toMatchObject({ slot: 7, process: sent[request]!.node, answered: sent[request]!.answered });
      }
    }
    expect(joined).toBeGreaterThan(500);
  });

  it("are all joined where one client waits for its answers", () => {
    const sent = load(7, [waiting], 200);
    const rows = join(sent, 1);
    const followers = sent.filter(({ follows }) => follows !== undefined);
    expect(followers.length).toBeGreaterThan(100);
    for (const one of followers) expect(rows.get(sent.indexOf(one.follows!))?.repeat).toBe(sent.indexOf(one));
  });

  it("know what connections send on their own account", () => {
    expect(["hello", "CLIENT|SETNAME", "cluster|slots", "asking"].map(isSetup)).toEqual([true, true, true, true]);
    expect(["get", "clusterx", "object|encoding"].map(isSetup)).toEqual([false, false, false]);
  });
});
