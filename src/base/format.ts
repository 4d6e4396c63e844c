/** Numbers as people read them, wherever text is made: the command line and the diagnoses' sentences. Pure. */

/** A duration in ns with three significant digits: `840 ns`, `12.3 µs`, `1.05 ms`, `2.50 s`, `3 min 20 s`. */
export function duration(ns: number): string {
  const units = [
    ["ns", 1],
    ["µs", 1e3],
    ["ms", 1e6],
    ["s", 1e9],
  ] as const;
  if (ns >= 60e9) return `${Math.floor(ns / 60e9)} min ${Math.floor((ns % 60e9) / 1e9)} s`;
  const [unit, size] = units.findLast(([, unitSize]) => ns >= unitSize * 0.9995) ?? units[0];
  const amount = ns / size;
  const digits = unit === "ns" ? 0 : amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return `${amount.toFixed(digits)} ${unit}`;
}

/** Bytes in binary units: `512 B`, `1.5 KiB`, `64.0 MiB`. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return "?";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let amount = count;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** A count with its thousands apart: `1 234 567`. */
export function count(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, " ");
}
