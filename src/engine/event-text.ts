/** Text of the events table's columns: what searches compare patterns with. */
import type { EventRow } from "./contract.ts";

/** The column's text; for an unknown column that of `fields`. */
export function eventText(row: EventRow, column: string): string {
  switch (column) {
    case "time":
      return row.time.toString();
    case "node":
      return row.node;
    case "thread":
      return String(row.thread);
    case "event":
      return row.name;
    default:
      return row.fields.map(([name, value]) => `${name}=${value}`).join(", ");
  }
}
