/** Numbers and tables as people read them. Pure. */

export { bytes, count, duration } from "../base/index.ts";

/** Offset from the start of the trace, exact: `+1.234567890s`. `--at` and its like take it. */
export function offset(relativeNs: number): string {
  const sign = relativeNs < 0 ? "-" : "+";
  const ns = Math.abs(Math.floor(relativeNs));
  return `${sign}${Math.floor(ns / 1e9)}.${String(ns % 1e9).padStart(9, "0")}s`;
}

/** An absolute time in UTC, exact: `2026-11-23 20:31:36.363123456`. */
export function timeOfDay(absolute: bigint): string {
  const ms = absolute / 1_000_000n;
  return `${new Date(Number(ms)).toISOString().replace("T", " ").slice(0, 19)}.${String(absolute % 1_000_000_000n).padStart(9, "0")}`;
}

/** Text from a trace, safe for a terminal: control characters are shown as escapes, never sent. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Rows under titles, columns aligned, two spaces between; no line ends in spaces. Cells are made printable. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (columns[i]?.align === "right" ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return `${cells.map(line).join("\n")}\n`;
}
