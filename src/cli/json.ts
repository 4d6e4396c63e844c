/**
 * JSON as every `--json` prints it. Times are absolute, in nanoseconds since 1970, as exact integers: `{"start":1763928569123456789}`.
 * JSON itself has no limit on digits, and Python, Go and jq 1.7 keep them; a reader that turns numbers into doubles (JavaScript's JSON.parse) sees them
 * rounded to a quarter of a microsecond. Durations and counts are plain numbers.
 */

/** JSON text of a value, as `JSON.stringify(value, undefined, 2)` but with bigints as integers. `indent` 0 gives one line. */
export function toJson(value: unknown, indent = 2): string {
  return print(value, indent, "") ?? "null";
}

/** Undefined for what JSON leaves out: undefined itself and functions. */
function print(value: unknown, indent: number, margin: string): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = margin + " ".repeat(indent);
  const parts = Array.isArray(value)
    ? value.map((element: unknown) => print(element, indent, inner) ?? "null")
    : Object.entries(value).flatMap(([key, member]) => {
        const text = print(member, indent, inner);
        return text === undefined ? [] : [`${JSON.stringify(key)}:${indent > 0 ? " " : ""}${text}`];
      });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return indent > 0 ? `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}` : `${open}${parts.join(",")}${close}`;
}
