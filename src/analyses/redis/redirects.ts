/**
 * Redirects: a request that a node answered MOVED or ASK, and the one by which the client followed it on another node.
 *
 * Nothing in either says that they are one: they are joined by what they have in common, and by what a client can have done meanwhile.
 *
 *     connection A  --|== GET, redirected ==|-----------------------------------------|== next request ==|---
 *                      arrived       answered
 *     connection B  ----------------------------(ASKING)-|== the same GET ==|-------------------------------
 *                                                   resumed                end
 *
 * B must come from A's address and lead to the address that the redirect named. The repeat is the first request on B after the answer, has the same command
 * and as many bytes, stands behind ASKING if the answer was ASK and only then, and came within `patienceNs`. That holds for clients that wait for each answer.
 * Of several connections, B is the one that the whole trace speaks for:
 *
 *   - A and B never had requests under way at the same time;
 *   - whenever A was sent to where B leads, B's next request fitted; and that was so `leastFits` times, unless there is no other connection it could be.
 *
 * A client that has several requests under way at once is therefore not followed. Where two requests might be the repeat, or one that of two redirects, none is
 * joined. What connections need first (HELLO, AUTH, CLUSTER SLOTS and the like) counts for nothing.
 *
 * Each process spools its requests and redirects in time order; the join reads them three times, merged: for connections that overlap, for those that do not
 * fit, and to follow. Memory: one redirect per connection, and a bit for each pair of redirected connection and connection from the same address.
 */
import type { TableBuilder } from "../../state/contract.ts";
import type { SpoolRows } from "../contract.ts";
import type { IntegrationConnection } from "../integration.ts";
import { noRequest, redirectColumns, redirectKinds, unknownBytes } from "./keys.ts";

/** Clients follow at once; some ask for the slots anew or connect first. */
const patienceNs = 1e9;
/** Counters of two processors lag behind each other by less; no client answers as fast. */
const clockNs = 1000;
/** Connections that might be the client's other one, at most: with more it shows nothing that one of them fits. */
const mostPartners = 256;
/** How often a connection must have fitted where others might: by chance a busy one fits now and then. */
const leastFits = 8;
/** Pairs of connections of one address that are told apart, at most: 32 MiB of bits. */
const mostPairs = 2 ** 28;

/**
 * Numbers of a hop row. Command numbers are the process', requests, connections and targets the part's; -1 is none.
 *
 *     time      kind   request   connection   command   bytes   arrived   slot       target   alone    answered MOVED or ASK (redirectKinds)
 *     time      0      request   connection   command   bytes   arrived   asking     -        -        a request is answered, redirected or not
 */
export const hopWidth = 10;
export const hopAnswered = 0;

const setupCommands: ReadonlySet<string> = new Set(
  "asking auth client cluster command config hello info ping quit readonly readwrite reset select".split(" "),
);

/** Whether a command is sent by clients on their own account. Subcommands are named `client|setname`. */
export function isSetup(name: string): boolean {
  return setupCommands.has((name.split("|", 1)[0] ?? "").toLowerCase());
}

/** Where a redirect sends to: as the store says it, and as the ends of connections are named (integration.ts). */
export interface RedirectTarget {
  readonly text: string;
  readonly address: string;
}

/** What one process tells. */
export interface ProcessHops {
  /** In the `processes` document. */
  readonly process: number;
  readonly commands: readonly (string | null)[];
  rows(): SpoolRows;
}

/** What one part tells. */
export interface PartHops {
  readonly processes: readonly ProcessHops[];
  readonly connections: readonly IntegrationConnection[];
  readonly targets: readonly RedirectTarget[];
  /** Connections that were redirected at some time. */
  readonly redirected: readonly number[];
  /** What to add to the part's numbers. */
  readonly firstRequest: number;
  readonly firstConnection: number;
}

/** Connections from one address. */
interface Peer {
  readonly members: Connection[];
  /** Of those with requests, the one whose last was answered last. */
  latest: Connection | undefined;
}

interface Connection {
  readonly row: number;
  readonly local: string;
  readonly opened: number;
  readonly closed: number;
  readonly peer: Peer;
  /** In `peer.members`. */
  readonly index: number;
  /** By the index of another: both had requests under way at one time. Of redirected connections only. */
  apart: Uint8Array | undefined;
  /** When its last request was answered; -1 before. The peer's connections are in this order, the last first. */
  answered: number;
  before: Connection | undefined;
  after: Connection | undefined;
  /** By target: which connections may be the same client's. */
  readonly partners: Map<string, Partners>;
  /** By connection: how many redirects it might have followed. */
  readonly fits: Map<Connection, number>;
  redirect: Redirect | undefined;
  /** Redirects of others that its next request may follow. */
  readonly expecting: Set<Redirect>;
}

/** Connections that may be of the same client. */
interface Partners {
  readonly list: readonly Connection[];
  /** There was no other to be told apart. */
  readonly isSole: boolean;
}

const nobody: Partners = { list: [], isSole: false };

/** A redirect that may still be followed. */
interface Redirect {
  readonly row: Float64Array;
  readonly command: string;
  readonly bytes: number;
  readonly kind: number;
  readonly answered: number;
  readonly from: Connection | undefined;
  readonly partners: Partners;
  repeat: Repeat | undefined;
  isAmbiguous: boolean;
}

interface Repeat {
  readonly request: number;
  readonly asking: number;
  readonly process: number;
  readonly connection: Connection;
  readonly arrived: number;
}

/** One process' rows, being read. */
interface Cursor {
  readonly part: PartHops;
  readonly process: ProcessHops;
  readonly rows: SpoolRows;
}

function* merged(parts: readonly PartHops[]): Generator<Cursor> {
  const open = parts
    .flatMap((part) => part.processes.map((process): Cursor => ({ part, process, rows: process.rows() })))
    .filter(({ rows }) => rows.next());
  while (open.length > 0) {
    let first = 0;
    for (let i = 1; i < open.length; i++)
      if (((open[i] as Cursor).rows.row[0] as number) < ((open[first] as Cursor).rows.row[0] as number)) first = i;
    const cursor = open[first] as Cursor;
    yield cursor;
    if (!cursor.rows.next()) open.splice(first, 1);
  }
}

class Join {
  private readonly parts: readonly PartHops[];
  private readonly table: TableBuilder;
  /** In this pass connections are told apart, and nothing is written. */
  private isLearning = true;
  private readonly connections = new Map<PartHops, readonly (Connection | undefined)[]>();

  constructor(parts: readonly PartHops[], table: TableBuilder) {
    this.parts = parts;
    this.table = table;
    const peers = new Map<string, Peer>();
    for (const part of parts)
      this.connections.set(
        part,
        part.connections.map(({ local, remote, opened, closed }, i) => {
          const address = remote.slice(0, remote.lastIndexOf(":"));
          if (address === "") return undefined;
          const peer = peers.get(address) ?? { members: [], latest: undefined };
          peers.set(address, peer);
          const connection: Connection = {
            row: part.firstConnection + i,
            local,
            opened,
            closed,
            peer,
            index: peer.members.length,
            apart: undefined,
            answered: -1,
            before: undefined,
            after: undefined,
            partners: new Map(),
            fits: new Map(),
            redirect: undefined,
            expecting: new Set(),
          };
          peer.members.push(connection);
          return connection;
        }),
      );
    const pairs = new Map<Peer, number>();
    for (const part of parts)
      for (const i of part.redirected) {
        const connection = this.connections.get(part)?.[i];
        if (connection === undefined) continue;
        const { members } = connection.peer;
        const sum = (pairs.get(connection.peer) ?? 0) + members.length;
        pairs.set(connection.peer, sum);
        if (sum <= mostPairs) connection.apart = new Uint8Array(Math.ceil(members.length / 8));
      }
  }

  run(): void {
    for (const { part, rows } of merged(this.parts)) {
      const { row } = rows;
      const connection = this.connections.get(part)?.[row[3] as number];
      if (row[1] === hopAnswered && connection !== undefined) overlap(connection, row[6] as number, row[0] as number);
    }
    this.follow();
    for (const { partners } of this.every()) partners.clear();
    this.isLearning = false;
    this.follow();
  }

  private *every(): Generator<Connection> {
    for (const connections of this.connections.values()) for (const each of connections) if (each !== undefined) yield each;
  }

  private follow(): void {
    for (const { part, process, rows } of merged(this.parts)) {
      const connection = this.connections.get(part)?.[rows.row[3] as number];
      if (rows.row[1] !== hopAnswered) this.redirected(part, process, connection, rows.row);
      else if (connection !== undefined) this.answered(part, process, connection, rows.row);
    }
    for (const connection of this.every()) if (connection.redirect !== undefined) this.settle(connection, connection.redirect);
  }

  private redirected(part: PartHops, process: ProcessHops, connection: Connection | undefined, from: Float64Array): void {
    const time = from[0] as number;
    const kind = from[1] as number;
    const bytes = from[5] as number;
    const { text, address } = part.targets[from[8] as number] as RedirectTarget;
    const row = new Float64Array(redirectColumns.length);
    row[0] = (from[2] as number) + part.firstRequest;
    row[1] = kind;
    row[2] = from[7] as number;
    row[3] = this.table.intern(text);
    row[4] = process.process;
    row[5] = (from[3] as number) + part.firstConnection;
    row[10] = from[6] as number;
    row[11] = time;
    if (connection?.redirect !== undefined) this.moveOn(connection, connection.redirect);
    const name = process.commands[from[4] as number] ?? undefined;
    const partners =
      connection === undefined || from[9] === 0 || name === undefined || bytes === unknownBytes ? nobody : partnersOf(connection, address);
    const redirect: Redirect = {
      row,
      command: name ?? "",
      bytes,
      kind,
      answered: time,
      from: connection,
      partners,
      repeat: undefined,
      isAmbiguous: false,
    };
    if (connection === undefined || partners.list.length === 0) {
      this.write(redirect);
      return;
    }
    connection.redirect = redirect;
    for (const partner of partners.list) partner.expecting.add(redirect);
  }

  private answered(part: PartHops, process: ProcessHops, connection: Connection, from: Float64Array): void {
    const { redirect } = connection;
    if (redirect === undefined && connection.expecting.size === 0) return;
    // By index: taking a typed array apart makes an iterator, and there is one row for every request.
    const request = (from[2] as number) + part.firstRequest;
    const command = from[4] as number;
    const bytes = from[5] as number;
    const arrived = from[6] as number;
    const asking = from[7] as number;
    if (redirect !== undefined) {
      // The client went on here before it had followed the redirect there.
      if (redirect.repeat !== undefined && arrived < redirect.repeat.arrived) redirect.isAmbiguous = true;
      this.moveOn(connection, redirect);
    }
    const followed: Redirect[] = [];
    for (const each of connection.expecting) {
      if (arrived < each.answered - clockNs) continue;
      connection.expecting.delete(each);
      const fits = each.command === process.commands[command] && each.bytes === bytes && (each.kind === redirectKinds.ask) === asking >= 0;
      if (this.isLearning) this.learn(each, connection, fits);
      else if (fits && arrived - each.answered <= patienceNs) followed.push(each);
    }
    for (const each of followed) {
      if (each.repeat !== undefined || followed.length > 1) each.isAmbiguous = true;
      each.repeat = {
        request,
        asking: asking < 0 ? noRequest : asking + part.firstRequest,
        process: process.process,
        connection,
        arrived,
      };
    }
  }

  private learn({ from }: Redirect, partner: Connection, fits: boolean): void {
    if (fits) from?.fits.set(partner, (from.fits.get(partner) ?? 0) + 1);
    else if (from?.apart !== undefined) mark(from.apart, partner.index);
  }

  /** The client did something else where it was redirected: who has not followed by now does not. */
  private moveOn(connection: Connection, redirect: Redirect): void {
    if (this.isLearning)
      for (const partner of redirect.partners.list) if (partner.expecting.has(redirect)) this.learn(redirect, partner, false);
    this.settle(connection, redirect);
  }

  /** No more can come of it. */
  private settle(connection: Connection, redirect: Redirect): void {
    connection.redirect = undefined;
    for (const partner of redirect.partners.list) partner.expecting.delete(redirect);
    this.write(redirect);
  }

  private write({ row, from, partners, repeat, isAmbiguous }: Redirect): void {
    if (this.isLearning) return;
    const fits = repeat === undefined ? 0 : (from?.fits.get(repeat.connection) ?? 0);
    const found = isAmbiguous || (!partners.isSole && fits < leastFits) ? undefined : repeat;
    row[6] = found?.request ?? noRequest;
    row[7] = found?.asking ?? noRequest;
    row[8] = found?.process ?? 0xffff;
    row[9] = found?.connection.row ?? 0xffff_ffff;
    row[12] = found?.arrived ?? Number.POSITIVE_INFINITY;
    this.table.append(row);
  }
}

/** A request that was under way in [arrived, answered) is answered: marks the pairs of connections that had requests under way at one time. */
function overlap(connection: Connection, arrived: number, answered: number): void {
  const { peer } = connection;
  for (let other = peer.latest; other !== undefined && other.answered > arrived + clockNs; other = other.after) {
    if (other === connection) continue;
    if (other.apart !== undefined) mark(other.apart, connection.index);
    if (connection.apart !== undefined) mark(connection.apart, other.index);
  }
  connection.answered = answered;
  if (peer.latest === connection) return;
  if (connection.before !== undefined) connection.before.after = connection.after;
  if (connection.after !== undefined) connection.after.before = connection.before;
  connection.before = undefined;
  connection.after = peer.latest;
  if (peer.latest !== undefined) peer.latest.before = connection;
  peer.latest = connection;
}

function mark(bits: Uint8Array, index: number): void {
  bits[index >>> 3] = (bits[index >>> 3] as number) | (1 << (index & 7));
}

/** Connections to `address` that may be of the same client: none where there are too many to tell. */
function partnersOf(connection: Connection, address: string): Partners {
  const known = connection.partners.get(address);
  if (known !== undefined) return known;
  const { apart } = connection;
  const others = connection.peer.members.filter(
    (other) => other.answered >= 0 && other.local === address && other.opened <= connection.closed && connection.opened <= other.closed,
  );
  const list = others.filter(({ index }) => apart !== undefined && ((apart[index >>> 3] as number) & (1 << (index & 7))) === 0);
  const partners = address === "" || list.length > mostPartners ? nobody : { list, isSole: others.length === 1 };
  connection.partners.set(address, partners);
  return partners;
}

/** Follows the redirects of all parts: a row each. For traces that have some. */
export function joinRedirects(parts: readonly PartHops[], table: TableBuilder): void {
  new Join(parts, table).run();
}
