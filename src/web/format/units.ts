/** Counts and bytes as text. */
const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function formatCount(value: number): string {
  return counts.format(value);
}

/** Binary units: 512 B, 1.5 KiB, 12.0 MiB. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? counts.format(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}
