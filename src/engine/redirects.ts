/** A request that was answered MOVED or ASK, and the one by which it was followed: both ways along the redirects table. */
import { noRequest, type RedirectColumn, redirectColumns, redirectKinds, tables } from "../analyses/redis/keys.ts";
import type { HistoryReader, Table } from "../state/index.ts";

/** Clients give up long before; a damaged history must not lead in a circle. */
const mostHops = 32;
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
}

/** The redirects of the chain that a request belongs to, first to last; none for a request that was not redirected and followed none. */
export function redirectsOf(history: HistoryReader, request: number): readonly RedirectRow[] {
  const table = history.table(tables.redirects);
  if (table === undefined || table.rowCount === 0) return [];
  const found: RedirectRow[] = [];
  for (let at = find(table, "repeat", request); at !== undefined && found.length < mostHops; at = find(table, "repeat", at.request))
    found.unshift(at);
  let at = find(table, "request", request);
  for (; at !== undefined && found.length < mostHops; at = at.repeat === undefined ? undefined : find(table, "request", at.repeat))
    found.push(at);
  return found;
}

function find(table: Table, column: "request" | "repeat", id: number): RedirectRow | undefined {
  const index = columnIndex[column];
  for (const { columns, rowCount } of table.chunks({ column: index, min: id, max: id })) {
    const i = (columns[index] as Uint32Array).indexOf(id);
    if (i < 0 || i >= rowCount) continue;
    const at = (name: RedirectColumn): number => columns[columnIndex[name]]?.[i] ?? 0;
    const known = (value: number): number | undefined => (value === noRequest ? undefined : value);
    return {
      request: at("request"),
      kind: at("kind") === redirectKinds.ask ? "ask" : "moved",
      slot: at("slot"),
      target: table.text(at("target")),
      repeat: known(at("repeat")),
      asking: known(at("asking")),
    };
  }
  return undefined;
}
