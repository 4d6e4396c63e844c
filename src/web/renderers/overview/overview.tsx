/**
 * The overview: the whole trace as a histogram, always on top, with the visible range as a window on it.
 * Drag on it to select a new range, drag the window to move it, turn the wheel to zoom. Keys are the page's own.
 */
import { type PointerEvent, useCallback, useEffect, useRef } from "react";
import { decodeXy, decodeXyTree, type ExperimentSummary } from "../../../tsp/index.ts";
import { formatDuration, formatTime } from "../../format/time.ts";
import { formatCount } from "../../format/units.ts";
import { call } from "../../state/client.ts";
import { type Range, useStore } from "../../state/store.ts";
import { useTheme } from "../../state/theme.ts";
import { useLatest } from "../../state/use-latest.ts";
import { useSize } from "../../widgets/use-size.ts";
import { tickCount, ticks } from "../time-graph/axis.ts";
import { fitCanvas } from "../time-graph/painter.ts";
import { readGraphTheme } from "../time-graph/theme.ts";

const axisHeight = 17;
/** One bar per this many CSS pixels. */
const barPx = 3;

interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly max: number;
  readonly name: string;
}

/** What a press at `x` starts: moving the window, or selecting a new range. A window nearly as wide as the strip cannot be moved, so it is selected in. */
function dragKind(x: number, window: { readonly left: number; readonly right: number }, width: number): "move" | "select" {
  const isInside = x >= window.left - 3 && x <= window.right + 3;
  return isInside && window.right - window.left < width * 0.9 ? "move" : "select";
}

export function Overview({ experiment }: { readonly experiment: ExperimentSummary }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(box);
  const theme = useTheme((s) => s.theme);
  const view = experiment.views.find((v) => v.id === "histogram" && v.type === "xy") ?? experiment.views.find((v) => v.type === "xy");
  const { origin } = experiment;
  // A few widths only, so that a resized window does not ask again for every pixel.
  const columns = Math.min(2_048, Math.max(128, Math.ceil(width / barPx / 64) * 64));
  const key = view === undefined || width === 0 ? undefined : `${experiment.id}/${view.outputId}/${columns}`;
  const { data, error, isLoading } = useLatest(key, async (signal): Promise<Curve> => {
    const base = `tsp/api/experiments/${experiment.id}/outputs/XY/${encodeURIComponent(view?.outputId ?? "")}`;
    const tree = await call(`${base}/tree`, decodeXyTree, { body: { parameters: {} }, signal });
    const entry = tree.model?.entries.find((e) => e.isDefault === true) ?? tree.model?.entries[0];
    if (entry === undefined) return { x: [], y: [], max: 0, name: "" };
    const parameters = {
      requested_timerange: { start: experiment.start, end: experiment.end, nbTimes: columns },
      requested_items: [entry.id],
    };
    const xy = await call(`${base}/xy`, decodeXy, { body: { parameters }, signal });
    const series = xy.model?.series[0];
    const y = series?.yValues ?? [];
    return {
      x: (series?.xValues ?? []).map((t) => Number(t - origin)),
      y,
      max: y.reduce((a, b) => Math.max(a, b), 0),
      name: series?.seriesName ?? "",
    };
  });

  const live = useRef({ data, width, height, themeName: theme, theme: readGraphTheme() });
  if (live.current.themeName !== theme) Object.assign(live.current, { themeName: theme, theme: readGraphTheme() });
  Object.assign(live.current, { data, width, height });
  const frame = useRef(0);
  const pending = useRef<Range | undefined>(undefined);

  const paint = useCallback(() => {
    frame.current = 0;
    const { data, width, height, theme } = live.current;
    if (canvas.current === null || width < 2) return;
    const { full, range, selection, hover, timeMode } = useStore.getState();
    const ratio = fitCanvas(canvas.current, width, height);
    const context = canvas.current.getContext("2d");
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const base = height - axisHeight;
    const xOf = (time: number): number => ((time - full.start) / (full.end - full.start)) * width;
    const shown = pending.current ?? range;
    const left = xOf(shown.start);
    const right = Math.max(left + 2, xOf(shown.end));
    if (data !== undefined && data.x.length > 0 && data.max > 0) {
      const step = width / data.x.length;
      for (let i = 0; i < data.x.length; i++) {
        const y = ((data.y[i] ?? 0) / data.max) * (base - 6);
        const x = xOf(data.x[i] ?? 0);
        const isInside = x + step >= left && x <= right;
        context.fillStyle = isInside ? theme.accent : theme.muted;
        context.globalAlpha = isInside ? 0.85 : 0.4;
        // Something is never nothing: a bar of a few events among millions is still a pixel high.
        if ((data.y[i] ?? 0) > 0) context.fillRect(x, base - Math.max(1, y), Math.max(1, step - (step > 2.5 ? 0.75 : 0)), Math.max(1, y));
      }
      context.globalAlpha = 1;
    }
    context.font = '10.5px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = "middle";
    context.fillStyle = theme.muted;
    context.strokeStyle = theme.grid;
    context.beginPath();
    context.moveTo(0, base + 0.5);
    context.lineTo(width, base + 0.5);
    for (const tick of ticks(full.start, full.end, tickCount(full.start, full.end, width), origin, timeMode)) {
      const x = Math.round(xOf(tick.time)) + 0.5;
      context.moveTo(x, base);
      context.lineTo(x, base + 5);
      if (x + 4 + context.measureText(tick.label).width < width) context.fillText(tick.label, x + 4, base + axisHeight / 2 + 1);
    }
    context.stroke();

    // The window, and a shade over the rest.
    context.fillStyle = theme.background;
    context.globalAlpha = 0.45;
    context.fillRect(0, 0, left, base);
    context.fillRect(right, 0, width - right, base);
    context.globalAlpha = 1;
    context.strokeStyle = theme.accent;
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, 0.75, Math.max(1, right - left - 1.5), base - 1);
    context.lineWidth = 1;
    const line = (time: number, color: string): void => {
      const x = Math.round(xOf(time)) + 0.5;
      context.strokeStyle = color;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, base);
      context.stroke();
    };
    if (selection !== undefined) line(selection.time, theme.accent);
    if (hover !== undefined) line(hover, theme.ink);
  }, [origin]);

  const schedule = useCallback(() => {
    if (frame.current === 0) frame.current = requestAnimationFrame(paint);
  }, [paint]);
  useEffect(() => {
    const unsubscribe = useStore.subscribe(schedule);
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [schedule]);
  useEffect(schedule);

  const timeAt = (x: number): number => {
    const { full } = useStore.getState();
    return full.start + (Math.min(width, Math.max(0, x)) / Math.max(1, width)) * (full.end - full.start);
  };
  const drag = useRef<{ kind: "move" | "select"; x: number; range: Range; hasMoved: boolean } | undefined>(undefined);
  const xIn = (event: PointerEvent<HTMLElement>): number => event.clientX - event.currentTarget.getBoundingClientRect().left;

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const store = useStore.getState();
      const x = event.clientX - element.getBoundingClientRect().left;
      const at = store.full.start + (x / element.clientWidth) * (store.full.end - store.full.start);
      store.zoom(
        Math.exp(Math.max(-240, Math.min(240, event.deltaY)) * 0.0022),
        Math.min(store.range.end, Math.max(store.range.start, at)),
      );
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const range = useStore((s) => s.range);
  const timeMode = useStore((s) => s.timeMode);
  return (
    <section className="overview" aria-label="Overview of the whole trace">
      <div
        className="overview-strip"
        ref={box}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const { full, range } = useStore.getState();
          const x = xIn(event);
          const perTime = width / (full.end - full.start);
          const window = { left: (range.start - full.start) * perTime, right: (range.end - full.start) * perTime };
          drag.current = { kind: event.shiftKey ? "select" : dragKind(x, window, width), x, range, hasMoved: false };
        }}
        onPointerMove={(event) => {
          const x = xIn(event);
          const d = drag.current;
          const store = useStore.getState();
          store.setHover(timeAt(x));
          if (d === undefined || (!d.hasMoved && Math.abs(x - d.x) < 3)) return;
          d.hasMoved = true;
          if (d.kind === "move") {
            const by = timeAt(x) - timeAt(d.x);
            store.setRange({ start: d.range.start + by, end: d.range.end + by });
          } else {
            const [a, b] = [timeAt(d.x), timeAt(x)];
            pending.current = { start: Math.min(a, b), end: Math.max(a, b) };
            schedule();
          }
        }}
        onPointerUp={(event) => {
          const d = drag.current;
          drag.current = undefined;
          const chosen = pending.current;
          pending.current = undefined;
          const store = useStore.getState();
          if (chosen !== undefined) store.setRange(chosen);
          else if (d !== undefined && !d.hasMoved) {
            const half = (store.range.end - store.range.start) / 2;
            const at = timeAt(xIn(event));
            store.setRange({ start: at - half, end: at + half });
          }
        }}
        onPointerLeave={() => useStore.getState().setHover(undefined)}
      >
        <canvas
          ref={canvas}
          style={{ width, height }}
          role="img"
          aria-label={`Events over time. Visible: ${formatTime(range.start, origin, timeMode)} to ${formatTime(range.end, origin, timeMode)}, ${formatDuration(range.end - range.start)}`}
        />
        {data !== undefined && data.max > 0 ? <span className="overview-max">max {formatCount(data.max)}</span> : null}
        {error !== undefined ? <span className="overview-note error-text">{error}</span> : null}
        {data === undefined && isLoading ? <span className="overview-note muted">Loading the overview…</span> : null}
        {data !== undefined && data.max === 0 ? <span className="overview-note muted">No events</span> : null}
      </div>
    </section>
  );
}
