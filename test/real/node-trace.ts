/** Reads a trace of the `node` provider as babeltrace2 prints it, and matches the two ends of connections: independently of the product's reader. */
import { execFileSync } from "node:child_process";

export interface NodeTraceEvent {
  readonly name: string;
  /** Time of day, ns. */
  readonly time: number;
  /** Thread: tells processes and workers apart. */
  readonly vtid: number;
  /** Text of a field. */
  text(field: string): string;
  /** Value of an integer field. */
  number(field: string): number;
}

/** All events of the provider, in the order of time. */
export function readNodeTrace(directory: string): readonly NodeTraceEvent[] {
  const text = execFileSync("babeltrace2", [directory], { encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "inherit"] });
  return text.split("\n").flatMap((line) => {
    const match = /^\[(\d+):(\d+):(\d+\.\d+)\].*node:(\w+): \{ cpu_id = \d+ \}, \{ vtid = (\d+) \}, \{(.*)\}$/.exec(line);
    if (match === null) return [];
    const [, hours, minutes, seconds, name = "", vtid = "", payload = ""] = match;
    const time = Math.round((3600 * Number(hours) + 60 * Number(minutes) + Number(seconds)) * 1e9);
    const fields = new Map(
      [...payload.matchAll(/(\w+) = (?:"((?:[^"\\]|\\.)*)"|(-?\d+))/g)].map((field) => [field[1], field[2] ?? field[3]]),
    );
    const read = (field: string) => {
      const value = fields.get(field);
      if (value === undefined) throw new Error(`${name} has no field ${field}`);
      return value;
    };
    return [{ name, time, vtid: Number(vtid), text: read, number: (field: string) => Number(read(field)) }];
  });
}

/** A connection's end as one process saw it. */
export interface Ending {
  readonly local: string;
  readonly remote: string;
  readonly isAccepted: boolean;
  readonly events: readonly NodeTraceEvent[];
}

/** Connections by id. An id is unique in its process; `conn_id`s of several processes are told apart by their threads. */
export function connections(events: readonly NodeTraceEvent[]): readonly Ending[] {
  const byId = new Map<string, NodeTraceEvent[]>();
  for (const event of events) {
    if (!/^(socket_|http_|store_)/.test(event.name)) continue;
    const key = `${event.vtid} ${event.text("conn_id")}`;
    byId.set(key, [...(byId.get(key) ?? []), event]);
  }
  return [...byId.values()].flatMap((own) => {
    const open = own.find(({ name }) => /^socket_(connect|accept|state)$/.test(name));
    if (open === undefined) return [];
    return [
      {
        local: `${open.text("laddr")}:${open.text("lport")}`,
        remote: `${open.text("raddr")}:${open.text("rport")}`,
        isAccepted: open.name === "socket_accept",
        events: own,
      },
    ];
  });
}

/** Where a stream's pieces leave a gap or overlap; -1 when they tile it. Returns its end too. */
export function tile(ending: Ending, name: "socket_write" | "socket_read"): { readonly brokenAt: number; readonly end: number } {
  const pieces = ending.events.filter((event) => event.name === name);
  const [first] = pieces;
  let end = first?.number("offset") ?? 0;
  for (const piece of pieces) {
    if (piece.number("offset") !== end) return { brokenAt: end, end };
    end += piece.number("length");
  }
  return { brokenAt: -1, end };
}

/**
 * The server's context for each client request, by connection and bytes alone: request k begins at w(k), so the server has read its headers between w(k) and
 * w(k + 1).
 */
export function matchRequests(
  ends: readonly Ending[],
): readonly { readonly request: NodeTraceEvent; readonly receives: readonly NodeTraceEvent[] }[] {
  return ends.flatMap((client) => {
    const server = ends.find((other) => other.local === client.remote && other.remote === client.local);
    const requests = client.events.filter(({ name }) => name === "http_client_request");
    const received = server?.events.filter(({ name }) => name === "http_server_receive") ?? [];
    return requests.map((request, k) => {
      const from = request.number("write_offset");
      const to = requests[k + 1]?.number("write_offset") ?? Number.POSITIVE_INFINITY;
      return { request, receives: received.filter((event) => event.number("read_offset") > from && event.number("read_offset") <= to) };
    });
  });
}
