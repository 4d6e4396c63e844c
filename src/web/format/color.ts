/** A colour from a server is data: only `#rgb` and `#rrggbb` go into a style, anything else is grey. */
export function safeColor(color: string): string {
  return /^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(color) ? color : "#8a919c";
}
