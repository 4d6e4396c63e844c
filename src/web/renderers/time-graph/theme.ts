/** The theme's colours as the canvas needs them: read from the CSS variables, so there is one palette. */
import type { GraphTheme } from "./painter.ts";

export function readGraphTheme(): GraphTheme & { readonly muted: string } {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    background: read("--panel"),
    stripe: read("--stripe"),
    group: read("--group-row"),
    selectedRow: read("--selected-row"),
    grid: read("--grid"),
    ink: read("--ink"),
    accent: read("--accent"),
    muted: read("--ink-muted"),
  };
}
