/**
 * What all panels share: the experiment, the visible range, the selection and how times are shown. One store, so that no two panels can disagree.
 *
 * Times are ns relative to the experiment's origin. Invariants: `range` lies within [`fullStart`, `fullEnd`] and is at least `minSpan` long.
 */
import { create } from "zustand";
import type { ExperimentSummary } from "../../tsp/index.ts";
import type { TimeMode } from "../format/time.ts";

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What the user points at. `end` is set for a time range; `entry` is a row of the time graph. */
export interface Selection {
  readonly time: number;
  readonly end?: number | undefined;
  readonly entry?: number | undefined;
}

/** Shortest range that can be shown, ns: wide enough for single nanoseconds to be told apart. */
export const minSpan = 40;

export type PanelId = "findings" | "events" | "requests" | "statistics" | "request" | "flows" | "flow" | `view:${string}`;

export interface ViewState {
  readonly experiment: ExperimentSummary | undefined;
  readonly full: Range;
  readonly range: Range;
  readonly selection: Selection | undefined;
  /** Request shown in the detail panel. */
  readonly request: number | undefined;
  /** Flow shown as a waterfall, and the span in it that was asked for. */
  readonly flow: { readonly id: number; readonly span: number | undefined } | undefined;
  readonly timeMode: TimeMode;
  /** Pointer's time, for the crosshair of every panel. */
  readonly hover: number | undefined;
  /** Panel that a command asked to bring forward; the counter makes asking twice work. */
  /** Rows of connections in the time graph, by `rowKey`: how a request finds its row. */
  readonly connectionRows: ReadonlyMap<string, number>;
  /** Colours of the time graph's styles by `styleName`, so that other panels show the same thing in the same colour. */
  readonly styleColors: ReadonlyMap<string, string>;
  readonly wanted: { readonly panel: PanelId; readonly count: number };
}

export interface ViewActions {
  open(experiment: ExperimentSummary): void;
  setExperiment(experiment: ExperimentSummary): void;
  setRange(range: Range): void;
  /** Zooms by `factor` (above 1: out), keeping `center` where it is on the screen. */
  zoom(factor: number, center?: number): void;
  /** Moves by a fraction of the visible range. */
  pan(fraction: number): void;
  showAll(): void;
  select(selection: Selection | undefined): void;
  /** Zooms to the selected range, or around the selected time. */
  fitSelection(): void;
  showRequest(id: number | undefined): void;
  showFlow(flow: ViewState["flow"]): void;
  setHover(time: number | undefined): void;
  setTimeMode(mode: TimeMode): void;
  want(panel: PanelId): void;
  setGraph(connectionRows: ReadonlyMap<string, number>, styleColors: ReadonlyMap<string, string>): void;
}

export type Store = ViewState & ViewActions;

export function rowKey(node: string, connection: number): string {
  return `${node}/${connection}`;
}

/** A style's key without case and punctuation: views spell `queued for read`, phases `queued-for-read`. */
export function styleName(key: string): string {
  return key.toLowerCase().replaceAll("-", " ");
}

/** `range`, moved and shortened so that the invariants hold. */
export function clampRange(range: Range, full: Range): Range {
  const whole = Math.max(minSpan, full.end - full.start);
  const span = Math.min(whole, Math.max(minSpan, range.end - range.start));
  // A range that was too short grows around its middle.
  const wanted = span > range.end - range.start ? (range.start + range.end - span) / 2 : range.start;
  const start = Math.min(Math.max(wanted, full.start), full.start + whole - span);
  return { start, end: start + span };
}

export const useStore = create<Store>()((set, get) => ({
  experiment: undefined,
  full: { start: 0, end: minSpan },
  range: { start: 0, end: minSpan },
  selection: undefined,
  request: undefined,
  flow: undefined,
  timeMode: "local",
  hover: undefined,
  wanted: { panel: "requests", count: 0 },
  connectionRows: new Map(),
  styleColors: new Map(),

  open: (experiment) => {
    const full = { start: Number(experiment.start - experiment.origin), end: Number(experiment.end - experiment.origin) };
    const whole = clampRange(full, full);
    set({ experiment, full: whole, range: whole, selection: undefined, request: undefined, flow: undefined, hover: undefined });
  },
  setExperiment: (experiment) => set({ experiment }),
  setRange: (range) => set({ range: clampRange(range, get().full) }),
  zoom: (factor, center) => {
    const { range, selection } = get();
    const inside = selection !== undefined && selection.time >= range.start && selection.time <= range.end;
    const at = center ?? (inside ? selection.time : (range.start + range.end) / 2);
    get().setRange({ start: at - (at - range.start) * factor, end: at + (range.end - at) * factor });
  },
  pan: (fraction) => {
    const { range } = get();
    const by = (range.end - range.start) * fraction;
    get().setRange({ start: range.start + by, end: range.end + by });
  },
  showAll: () => set({ range: get().full }),
  select: (selection) => set({ selection }),
  fitSelection: () => {
    const { selection, range } = get();
    if (selection === undefined) return;
    if (selection.end !== undefined && selection.end !== selection.time) {
      const [a, b] = [Math.min(selection.time, selection.end), Math.max(selection.time, selection.end)];
      const margin = (b - a) * 0.08;
      get().setRange({ start: a - margin, end: b + margin });
    } else {
      const half = (range.end - range.start) / 2;
      get().setRange({ start: selection.time - half, end: selection.time + half });
    }
  },
  showRequest: (request) => set({ request }),
  showFlow: (flow) => set({ flow }),
  setHover: (hover) => {
    if (hover !== get().hover) set({ hover });
  },
  setTimeMode: (timeMode) => set({ timeMode }),
  setGraph: (connectionRows, styleColors) => set({ connectionRows, styleColors }),
  want: (panel) => set({ wanted: { panel, count: get().wanted.count + 1 } }),
}));
