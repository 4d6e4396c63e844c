/**
 * Rasterises one row of states into device pixels.
 *
 *     states   |==get==||set|   |q||=publish===============|     any number, sorted by start
 *     pixels   ggggggggg.ssss.   qppppppppppppppppppppppppppp.   one 32-bit colour per device pixel, `.` a dark seam
 *
 * A state covers at least one pixel, so nothing disappears; where several fall into one pixel the longest wins. A row is then copied downwards as whole
 * lines: cost is O(states + pixels), which measured about ten times faster than filling a rectangle per state.
 */
import { firstEndingAfter, type RowStates } from "./states.ts";

/** How much of a row's height a state takes: waits and idle states are lower than work, so they differ without colour too. */
export const heights = { full: 0, wait: 1, thin: 2 } as const;

/** A style ready to draw: colours as little-endian ABGR words, as ImageData holds them. */
export interface PaintStyle {
  readonly fill: number;
  readonly seam: number;
  readonly height: (typeof heights)[keyof typeof heights];
}

/** Scratch of one row, reused: `colors` per pixel (0: nothing), `levels` its height, `weights` the length of the state that owns it. */
export interface RowRaster {
  readonly colors: Uint32Array;
  readonly levels: Uint8Array;
  readonly weights: Float64Array;
}

export function createRaster(width: number): RowRaster {
  return { colors: new Uint32Array(width), levels: new Uint8Array(width), weights: new Float64Array(width) };
}

/** Fills `raster` with the row's states over [start, start + width * nsPerPixel). Returns how many states were looked at. */
export function paintRow(raster: RowRaster, row: RowStates, start: number, nsPerPixel: number, styles: readonly PaintStyle[]): number {
  const { colors, levels, weights } = raster;
  const width = colors.length;
  colors.fill(0);
  weights.fill(0);
  const end = start + width * nsPerPixel;
  const first = firstEndingAfter(row, start);
  let i = first;
  for (; i < row.count; i++) {
    const s = row.starts[i] ?? 0;
    if (s >= end) break;
    const e = row.ends[i] ?? 0;
    const style = styles[row.styles[i] ?? 0];
    if (style === undefined) continue;
    const x0 = Math.max(0, Math.floor((s - start) / nsPerPixel));
    const x1 = Math.min(width, Math.max(x0 + 1, Math.round((e - start) / nsPerPixel)));
    const length = e - s;
    const hasSeam = x1 - x0 >= 3 && e <= end;
    for (let x = x0; x < x1; x++) {
      if (length < (weights[x] ?? 0)) continue;
      weights[x] = length;
      colors[x] = hasSeam && x === x1 - 1 ? style.seam : style.fill;
      levels[x] = style.height;
    }
  }
  return i - first;
}

/** First and one-past-last line of a level in a bar of `height` lines, inside its padding. */
export function linesOf(level: number, height: number): readonly [top: number, bottom: number] {
  if (level === heights.wait) return [Math.round(height * 0.34), height];
  if (level === heights.thin) return [Math.round(height * 0.72), height];
  return [0, height];
}

/** Copies a painted row into the image at line `y`, `height` lines tall. `width` is the image's. */
export function blitRow(pixels: Uint32Array, width: number, lines: number, y: number, height: number, raster: RowRaster): void {
  const tops = [heights.full, heights.wait, heights.thin].map((level) => linesOf(level, height)[0]);
  const { colors, levels } = raster;
  for (let line = 0; line < height; line++) {
    const at = y + line;
    if (at < 0 || at >= lines) continue;
    const offset = at * width;
    // Below the lowest top every pixel of the row shows: one copy.
    if (line >= Math.max(...tops)) {
      for (let x = 0; x < width; x++) if (colors[x] !== 0) pixels[offset + x] = colors[x] ?? 0;
      continue;
    }
    for (let x = 0; x < width; x++) if (colors[x] !== 0 && line >= (tops[levels[x] ?? 0] ?? 0)) pixels[offset + x] = colors[x] ?? 0;
  }
}

/** `#rgb` or `#rrggbb` as an ABGR word; grey for anything else (a colour from a server is data, not trusted CSS). */
export function colorWord(css: string): number {
  const long = /^#[0-9a-fA-F]{3}$/.test(css) ? css.replace(/[^#]/g, "$&$&") : css;
  const value = /^#[0-9a-fA-F]{6}$/.test(long) ? Number.parseInt(long.slice(1), 16) : 0x8a919c;
  return ((0xff << 24) | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Mixes two ABGR words; `amount` 0 gives `a`, 1 gives `b`. */
export function mix(a: number, b: number, amount: number): number {
  const channel = (shift: number): number => Math.round(((a >>> shift) & 0xff) * (1 - amount) + ((b >>> shift) & 0xff) * amount) << shift;
  return ((0xff << 24) | channel(16) | channel(8) | channel(0)) >>> 0;
}

/** ABGR word as CSS. */
export function cssOf(word: number): string {
  return `#${[word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff].map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}

/** Black or white, whichever reads better on a colour (WCAG relative luminance). */
export function inkOn(word: number): string {
  const linear = (c: number): number => (c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear(word & 0xff) + 0.7152 * linear((word >> 8) & 0xff) + 0.0722 * linear((word >> 16) & 0xff);
  return luminance > 0.2 ? "#10151c" : "#ffffff";
}
