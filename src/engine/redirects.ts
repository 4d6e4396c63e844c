/**
 * A request that was answered MOVED or ASK, and the one by which it was followed: both ways along the redirects table, and where the caller is traced along what
 * its side tells (the repeats table), which is certain.
 */
import { tables as flowTables, none, type RepeatColumn, repeatColumns } from "../analyses/flows/keys.ts";
import { noRequest, type RedirectColumn, redirectColumns, redirectKinds, tables } from "../analyses/redis/keys.ts";
import type { HistoryReader, Table } from "../state/index.ts";

/** Clients give up long before; a damaged history must not lead in a circle. */
const mostHops = 32;
const repeatIndex = Object.fromEntries(repeatColumns.map(({ name }, i) => [name, i])) as Record<RepeatColumn, number>;
const columnIndex = Object.fromEntries(redirectColumns.map(({ name }, i) => [name, i])) as Record<RedirectColumn, number>;

/** One redirect: a row of the table. */
export interface RedirectRow {
  readonly request: number;
  readonly kind: "moved" | "ask";
  readonly slot: number;
  readonly target: string;
  /** The request that followed it, and the ASKING before that; undefined where the trace does not tell. */
  readonly repeat: number | undefined;
  readonly asking: number | undefined;
  /** Whether the caller's side tells of the repeat. */
  readonly isTold: boolean;
}

/** The redirects of the chain that a request belongs to, first to last; none for a request that was not redirected and followed none. */
export function redirectsOf(history: HistoryReader, request: number): readonly RedirectRow[] {
  const table = history.table(tables.redirects);
  if (table === undefined) return [];
  const told = history.table(flowTables.repeats);
  const found: RedirectRow[] = [];
  const before = (repeat: number): RedirectRow | undefined => {
    const caller = toldBy(told, "repeatRequest", repeat);
    const row = caller === undefined ? find(table, told, "repeat", repeat) : find(table, told, "request", caller.request);
    return row?.repeat === repeat ? row : undefined;
  };
  for (let at = before(request); at !== undefined && found.length < mostHops; at = before(at.request)) found.unshift(at);
  let at = find(table, told, "request", request);
  for (; at !== undefined && found.length < mostHops; at = at.repeat === undefined ? undefined : find(table, told, "request", at.repeat))
    found.push(at);
  return found;
}

function find(table: Table, told: Table | undefined, column: "request" | "repeat", id: number): RedirectRow | undefined {
  const index = columnIndex[column];
  for (const { columns, rowCount } of table.chunks({ column: index, min: id, max: id })) {
    const i = (columns[index] as Uint32Array).indexOf(id);
    if (i < 0 || i >= rowCount) continue;
    const at = (name: RedirectColumn): number => columns[columnIndex[name]]?.[i] ?? 0;
    const known = (value: number): number | undefined => (value === noRequest ? undefined : value);
    const row = {
      request: at("request"),
      kind: at("kind") === redirectKinds.ask ? ("ask" as const) : ("moved" as const),
      slot: at("slot"),
      target: table.text(at("target")),
    };
    const [repeat, asking] = [known(at("repeat")), known(at("asking"))];
    const caller = toldBy(told, "request", row.request);
    if (caller === undefined) return { ...row, repeat, asking, isTold: false };
    return { ...row, repeat: caller.repeat, asking: caller.repeat === repeat ? asking : undefined, isTold: true };
  }
  return undefined;
}

/** What the caller's side tells of a redirect that it followed. */
function toldBy(
  told: Table | undefined,
  column: "request" | "repeatRequest",
  id: number,
): { readonly request: number; readonly repeat: number } | undefined {
  const index = repeatIndex[column];
  for (const { columns, rowCount } of told?.chunks({ column: index, min: id, max: id }) ?? []) {
    const i = (columns[index] as Uint32Array).indexOf(id);
    if (i < 0 || i >= rowCount) continue;
    const at = (name: RepeatColumn): number => columns[repeatIndex[name]]?.[i] ?? none;
    if (at("repeatRequest") !== none) return { request: at("request"), repeat: at("repeatRequest") };
  }
  return undefined;
}
