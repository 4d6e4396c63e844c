/**
 * Draws the time graph: states and labels on one canvas (`paintGraph`), what follows the pointer and the selection on another above it (`paintOverlay`),
 * so that moving the mouse never redraws states. Sizes are CSS pixels unless a name says device. Text from a trace is drawn as text, never as markup.
 */
import type { Range, Selection } from "../../state/store.ts";
import type { Tick } from "./axis.ts";
import { blitRow, colorWord, createRaster, cssOf, heights, inkOn, mix, type PaintStyle, paintRow, type RowRaster } from "./raster.ts";
import type { VisibleTree } from "./rows.ts";
import type { LoadedWindow, RowStates } from "./states.ts";

export const rowHeight = 22;
const barPadding = 3;
/** A label is drawn in states at least this wide. */
const labelWidth = 26;
const font = '11px ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** Colours of the theme, as hex. */
export interface GraphTheme {
  readonly background: string;
  readonly stripe: string;
  readonly group: string;
  readonly selectedRow: string;
  readonly grid: string;
  readonly ink: string;
  readonly accent: string;
}

export interface StyleInfo {
  readonly text: string;
  readonly color: string;
}

export interface Scene {
  readonly tree: VisibleTree;
  readonly range: Range;
  readonly window: LoadedWindow | undefined;
  readonly styles: Readonly<Record<string, StyleInfo>>;
  readonly ticks: readonly Tick[];
  readonly scrollTop: number;
  readonly selectedEntry: number | undefined;
  readonly theme: GraphTheme;
  readonly showArrows: boolean;
}

/** Height of a state by its style's key: waits are lower than work, idle is a thin line. */
function heightOf(style: string): PaintStyle["height"] {
  if (/^(queued|blocked|wait)/i.test(style)) return heights.wait;
  return /^(idle|polling|sleep)/i.test(style) ? heights.thin : heights.full;
}

/** Buffers kept between frames. */
export interface PaintBuffers {
  image: ImageData | undefined;
  raster: RowRaster | undefined;
  readonly textWidths: Map<string, number>;
}

/** Makes the canvas as sharp as the screen. Returns device pixels per CSS pixel. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): number {
  const ratio = Math.max(1, devicePixelRatio);
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  return ratio;
}

/** Draws everything but the overlay. Returns how many states were looked at. */
export function paintGraph(canvas: HTMLCanvasElement, width: number, height: number, scene: Scene, buffers: PaintBuffers): number {
  const ratio = fitCanvas(canvas, width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) return 0;
  const { tree, range, window, theme, scrollTop } = scene;
  const deviceWidth = canvas.width;
  const lines = canvas.height;
  if (buffers.image === undefined || buffers.image.width !== deviceWidth || buffers.image.height !== lines) {
    buffers.image = context.createImageData(deviceWidth, lines);
    buffers.raster = createRaster(deviceWidth, Math.floor(labelWidth * ratio));
  }
  const raster = buffers.raster ?? createRaster(deviceWidth, Math.floor(labelWidth * ratio));
  const pixels = new Uint32Array(buffers.image.data.buffer);
  const nsPerPixel = (range.end - range.start) / deviceWidth;
  const first = Math.max(0, Math.floor(scrollTop / rowHeight));
  const last = Math.min(tree.rows.length, Math.ceil((scrollTop + height) / rowHeight));
  const edge = (row: number): number => Math.round((row * rowHeight - scrollTop) * ratio);

  // Lines of background: plain, with a tick's grid line where there is one.
  const grid = colorWord(theme.grid);
  const background = (color: string): Uint32Array => {
    const line = new Uint32Array(deviceWidth).fill(colorWord(color));
    for (const tick of scene.ticks) line[Math.round((tick.time - range.start) / nsPerPixel)] = grid;
    return line;
  };
  const plain = background(theme.background);
  const backgrounds = { stripe: background(theme.stripe), group: background(theme.group), selected: background(theme.selectedRow) };
  for (let line = Math.max(0, edge(last)); line < lines; line++) pixels.set(plain, line * deviceWidth);

  // States
  let looked = 0;
  const paints: PaintStyle[] = [];
  for (const key of window?.styles ?? []) {
    const fill = colorWord(scene.styles[key]?.color ?? "");
    paints.push({ fill, seam: mix(fill, colorWord(theme.background), 0.55), height: heightOf(key) });
  }
  const labels: LabelledState[] = [];
  for (let i = first; i < last; i++) {
    const row = tree.rows[i];
    const own =
      row?.id === scene.selectedEntry
        ? backgrounds.selected
        : row?.hasData === false
          ? backgrounds.group
          : i % 2 === 1
            ? backgrounds.stripe
            : plain;
    for (let line = Math.max(0, edge(i)); line < Math.min(lines, edge(i + 1)); line++) pixels.set(own, line * deviceWidth);
    const states = window?.rows.get(row?.id ?? -1);
    if (states === undefined || states.count === 0) continue;
    looked += paintRow(raster, states, range.start, nsPerPixel, paints);
    const padding = Math.round(barPadding * ratio);
    blitRow(pixels, lines, edge(i) + padding, edge(i + 1) - edge(i) - 2 * padding, raster, own);
    for (let k = 0; k < raster.wideCount; k++) labels.push({ row: i, states, index: raster.wide[k] as number });
  }
  context.putImageData(buffers.image, 0, 0);

  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (window !== undefined) {
    paintLabels(context, width, scene, window, paints, labels, buffers.textWidths);
    if (scene.showArrows) paintArrows(context, width, height, scene, window);
  }
  return looked;
}

interface LabelledState {
  readonly row: number;
  readonly states: RowStates;
  readonly index: number;
}

function paintLabels(
  context: CanvasRenderingContext2D,
  width: number,
  scene: Scene,
  window: LoadedWindow,
  paints: readonly PaintStyle[],
  wide: readonly LabelledState[],
  widths: Map<string, number>,
): void {
  const { range, scrollTop } = scene;
  const perPixel = (range.end - range.start) / width;
  const inks = paints.map((p) => inkOn(p.fill));
  context.font = font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const { row, states, index } of wide) {
    const y = row * rowHeight - scrollTop;
    const x0 = Math.max(0, ((states.starts[index] ?? 0) - range.start) / perPixel);
    const x1 = Math.min(width, ((states.ends[index] ?? 0) - range.start) / perPixel);
    const level = paints[states.styles[index] ?? 0]?.height;
    if (x1 - x0 < labelWidth || level === heights.thin) continue;
    const text = fitText(context, window.labels[states.labels[index] ?? 0] ?? "", x1 - x0 - 8, widths);
    if (text === "") continue;
    context.fillStyle = inks[states.styles[index] ?? 0] ?? scene.theme.ink;
    context.fillText(text, x0 + 4, y + rowHeight / 2 + (level === heights.wait ? 2 : 0.5));
  }
}

/** The text, or as much of its beginning as fits with an ellipsis; empty where even three letters do not. */
function fitText(context: CanvasRenderingContext2D, text: string, room: number, widths: Map<string, number>): string {
  let width = widths.get(text);
  if (width === undefined) {
    if (widths.size > 5_000) widths.clear();
    width = context.measureText(text).width;
    widths.set(text, width);
  }
  if (width <= room) return text;
  const letters = Math.floor(((room - 9) / width) * text.length);
  return letters < 3 ? "" : `${text.slice(0, letters).trimEnd()}…`;
}

function paintArrows(context: CanvasRenderingContext2D, width: number, height: number, scene: Scene, window: LoadedWindow): void {
  const { tree, range, scrollTop } = scene;
  const perPixel = (range.end - range.start) / width;
  const shown: { x0: number; y0: number; x1: number; y1: number; color: string }[] = [];
  for (const arrow of window.arrows) {
    if (arrow.end < range.start || arrow.start > range.end) continue;
    const source = tree.indexOf(arrow.source);
    const target = tree.indexOf(arrow.target);
    if (source === undefined || target === undefined || source === target) continue;
    const y0 = source * rowHeight - scrollTop + rowHeight / 2;
    const y1 = target * rowHeight - scrollTop + rowHeight / 2;
    if (Math.max(y0, y1) < 0 || Math.min(y0, y1) > height) continue;
    shown.push({
      x0: (arrow.start - range.start) / perPixel,
      y0,
      x1: (arrow.end - range.start) / perPixel,
      y1,
      color: cssOf(colorWord(scene.styles[arrow.style]?.color ?? "")),
    });
  }
  // Many arrows are texture, few are objects.
  context.globalAlpha = shown.length > 400 ? 0.07 : shown.length > 80 ? 0.4 : 0.95;
  context.lineWidth = shown.length > 80 ? 1 : 1.5;
  const hasHeads = shown.length <= 400;
  for (const color of new Set(shown.map((a) => a.color))) {
    context.strokeStyle = color;
    context.fillStyle = color;
    context.beginPath();
    for (const a of shown) {
      if (a.color !== color) continue;
      context.moveTo(a.x0, a.y0);
      context.lineTo(a.x1, a.y1);
    }
    context.stroke();
    if (!hasHeads) continue;
    for (const a of shown) {
      if (a.color !== color) continue;
      const angle = Math.atan2(a.y1 - a.y0, a.x1 - a.x0);
      context.beginPath();
      context.moveTo(a.x1, a.y1);
      context.lineTo(a.x1 - 7 * Math.cos(angle - 0.4), a.y1 - 7 * Math.sin(angle - 0.4));
      context.lineTo(a.x1 - 7 * Math.cos(angle + 0.4), a.y1 - 7 * Math.sin(angle + 0.4));
      context.closePath();
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

export interface OverlayState {
  readonly range: Range;
  readonly hover: number | undefined;
  readonly selection: Selection | undefined;
  readonly theme: GraphTheme;
  /** Outlined states: the one under the pointer and the selected one. */
  readonly boxes: readonly { readonly row: number; readonly start: number; readonly end: number; readonly isSelected: boolean }[];
  readonly scrollTop: number;
  /** Start and end of the request in the detail panel. */
  readonly request: Range | undefined;
}

export function paintOverlay(canvas: HTMLCanvasElement, width: number, height: number, state: OverlayState): void {
  const ratio = fitCanvas(canvas, width, height);
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const { range, theme } = state;
  const xOf = (time: number): number => ((time - range.start) / (range.end - range.start)) * width;
  const line = (time: number, color: string, dash: readonly number[]): void => {
    const x = Math.round(xOf(time)) + 0.5;
    if (x < 0 || x > width) return;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.setLineDash([...dash]);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.stroke();
    context.setLineDash([]);
  };
  const { selection } = state;
  if (state.request !== undefined && selection?.end === undefined) {
    context.fillStyle = theme.accent;
    context.globalAlpha = 0.07;
    const x = xOf(state.request.start);
    context.fillRect(x, 0, Math.max(1, xOf(state.request.end) - x), height);
    context.globalAlpha = 1;
  }
  if (selection?.end !== undefined) {
    const x0 = xOf(Math.min(selection.time, selection.end));
    const x1 = xOf(Math.max(selection.time, selection.end));
    context.fillStyle = theme.accent;
    context.globalAlpha = 0.12;
    context.fillRect(x0, 0, x1 - x0, height);
    context.globalAlpha = 1;
    line(selection.end, theme.accent, []);
  }
  if (selection !== undefined) line(selection.time, theme.accent, []);
  if (state.hover !== undefined) line(state.hover, theme.ink, [3, 3]);
  for (const box of state.boxes) {
    const x0 = Math.max(-2, xOf(box.start));
    const x1 = Math.min(width + 2, Math.max(x0 + 1, xOf(box.end)));
    context.strokeStyle = box.isSelected ? theme.accent : theme.ink;
    context.lineWidth = box.isSelected ? 2 : 1;
    context.strokeRect(x0 - 0.5, box.row * rowHeight - state.scrollTop + barPadding - 1, x1 - x0 + 1, rowHeight - 2 * barPadding + 2);
  }
}

/** Draws the axis: ticks with labels, the crosshair's time, the selected range's length. */
export function paintAxis(canvas: HTMLCanvasElement, width: number, height: number, scene: AxisScene): void {
  const ratio = fitCanvas(canvas, width, height);
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const { range, theme } = scene;
  const xOf = (time: number): number => ((time - range.start) / (range.end - range.start)) * width;
  context.font = font;
  context.textBaseline = "middle";
  for (const tick of scene.ticks) {
    const x = Math.round(xOf(tick.time)) + 0.5;
    context.strokeStyle = theme.grid;
    context.beginPath();
    context.moveTo(x, height - 6);
    context.lineTo(x, height);
    context.stroke();
    context.fillStyle = scene.mutedInk;
    if (x + 4 + context.measureText(tick.label).width <= width) context.fillText(tick.label, x + 4, height / 2);
  }
  const flag = (time: number, text: string, color: string, ink: string): void => {
    const x = xOf(time);
    if (x < 0 || x > width) return;
    const w = context.measureText(text).width + 10;
    const left = Math.min(Math.max(0, x - w / 2), width - w);
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(left, 3, w, height - 6, 3);
    context.fill();
    context.fillStyle = ink;
    context.fillText(text, left + 5, height / 2 + 0.5);
  };
  for (const f of scene.flags)
    flag(f.time, f.text, f.isAccent ? theme.accent : theme.ink, f.isAccent ? inkOn(colorWord(theme.accent)) : theme.background);
}

export interface AxisScene {
  readonly range: Range;
  readonly ticks: readonly Tick[];
  readonly theme: GraphTheme;
  readonly mutedInk: string;
  readonly flags: readonly { readonly time: number; readonly text: string; readonly isAccent: boolean }[];
}
