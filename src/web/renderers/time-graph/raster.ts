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

/** Scratch of one row, reused. */
export interface RowRaster {
  /** Per pixel: colour of the state that owns it (0: none), that state's height, and its length in ns. */
  readonly colors: Uint32Array;
  readonly levels: Uint8Array;
  readonly weights: Float64Array;
  /** States at least `wideFrom` pixels wide, for labels: their indexes, the first `wideCount` of them valid. */
  readonly wide: Uint32Array;
  wideFrom: number;
  wideCount: number;
  /** One finished line of pixels. */
  readonly line: Uint32Array;
}

/** `wideFrom`: narrowest state that can hold a label, device pixels. */
export function createRaster(width: number, wideFrom: number): RowRaster {
  return {
    colors: new Uint32Array(width),
    levels: new Uint8Array(width),
    weights: new Float64Array(width),
    wide: new Uint32Array(Math.ceil(width / wideFrom) + 2),
    wideFrom,
    wideCount: 0,
    line: new Uint32Array(width),
  };
}

/** Fills `raster` with the row's states over [start, start + width * nsPerPixel). Returns how many states were looked at. */
export function paintRow(raster: RowRaster, row: RowStates, start: number, nsPerPixel: number, styles: readonly PaintStyle[]): number {
  const { colors, levels, weights, wide, wideFrom } = raster;
  const width = colors.length;
  colors.fill(0);
  weights.fill(0);
  raster.wideCount = 0;
  const end = start + width * nsPerPixel;
  const perNs = 1 / nsPerPixel;
  const { starts, ends, styles: ids, count } = row;
  const first = firstEndingAfter(row, start);
  let i = first;
  for (; i < count; i++) {
    const s = starts[i] as number;
    if (s >= end) break;
    const style = styles[ids[i] as number];
    if (style === undefined) continue;
    const e = ends[i] as number;
    const from = (s - start) * perNs;
    const x0 = from > 0 ? Math.floor(from) : 0;
    const x1 = Math.min(width, Math.max(x0 + 1, Math.round((e - start) * perNs)));
    const length = e - s;
    if (x1 - x0 === 1) {
      if (x0 < width && length >= (weights[x0] as number)) {
        weights[x0] = length;
        colors[x0] = style.fill;
        levels[x0] = style.height;
      }
      continue;
    }
    if (x1 - x0 >= wideFrom && raster.wideCount < wide.length) wide[raster.wideCount++] = i;
    const seam = x1 - x0 >= 3 && e <= end ? x1 - 1 : -1;
    for (let x = x0; x < x1; x++) {
      if (length < (weights[x] as number)) continue;
      weights[x] = length;
      colors[x] = x === seam ? style.seam : style.fill;
      levels[x] = style.height;
    }
  }
  return i - first;
}

/** First line of a level in a bar of `height` lines. Every level reaches the bar's lower end. */
function topOf(level: number, height: number): number {
  return level === heights.wait ? Math.round(height * 0.25) : level === heights.thin ? Math.round(height * 0.72) : 0;
}

/**
 * Copies a painted row into the image at line `y`, `height` lines tall, over `background` (one line). A bar has at most three different lines, one from
 * the top of each level on: each is put together once and copied whole.
 */
export function blitRow(pixels: Uint32Array, lines: number, y: number, height: number, raster: RowRaster, background: Uint32Array): void {
  const { colors, levels, line } = raster;
  const width = line.length;
  const tops = [topOf(heights.full, height), topOf(heights.wait, height), topOf(heights.thin, height), height];
  for (let level = 0; level < 3; level++) {
    for (let x = 0; x < width; x++) {
      line[x] = (colors[x] as number) !== 0 && (levels[x] as number) <= level ? (colors[x] as number) : (background[x] as number);
    }
    for (let at = y + (tops[level] as number); at < y + (tops[level + 1] as number); at++)
      if (at >= 0 && at < lines) pixels.set(line, at * width);
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
