/**
 * Curves or points over the shared time range: any view of type xy. At the left the tree of curves with a box each, at the right the chart (uPlot).
 *
 * The chart follows the page: range, crosshair and selection are the store's. Drag selects a range to show, the wheel zooms, a click selects a time; in a view
 * of points a click on one shows the request behind it.
 */
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { decodeRequestList, decodeXy, decodeXyTree, type ExperimentSummary } from "../../../tsp/index.ts";
import { formatTime } from "../../format/time.ts";
import { call, isAbort, query } from "../../state/client.ts";
import { focusRequest } from "../../state/focus.ts";
import { styleName, useStore } from "../../state/store.ts";
import { useTheme } from "../../state/theme.ts";
import { useLatest } from "../../state/use-latest.ts";
import type { ViewSummary } from "../../state/views.ts";
import { Message } from "../../widgets/message.tsx";
import { useSize } from "../../widgets/use-size.ts";
import { tickCount, ticks } from "../time-graph/axis.ts";
import { readGraphTheme } from "../time-graph/theme.ts";
import { type Curve, formatValue, joinCurves, nearestPoint } from "./points.ts";

/** How long the range must rest before it is asked for, ms. */
const settleMs = 120;
/** A click this near to a point means it, px. */
const reachPx = 8;
const yAxisWidth = 78;
const xAxisHeight = 24;

/** Steps of a y axis of bytes. */
const binarySteps = Array.from({ length: 45 }, (_, i) => 2 ** i);

/** Told apart on both themes; curves beyond these share colours. */
const colors = ["#2f7de1", "#e0672f", "#16a34a", "#c026d3", "#0d9488", "#ca8a04", "#dc2626", "#7c3aed", "#64748b", "#db2777"];

interface Entry {
  readonly id: number;
  readonly depth: number;
  readonly label: string;
  readonly hasData: boolean;
  readonly isDefault: boolean;
}

interface Loaded {
  readonly curves: readonly Curve[];
  readonly unit: string;
  readonly isPoints: boolean;
}

export function XyChart({ experiment, view }: { readonly experiment: ExperimentSummary; readonly view: ViewSummary }) {
  const base = `tsp/api/experiments/${experiment.id}/outputs/XY/${encodeURIComponent(view.outputId)}`;
  const tree = useLatest(base, async (signal): Promise<readonly Entry[]> => {
    const { model } = await call(`${base}/tree`, decodeXyTree, { body: { parameters: {} }, signal });
    const depths = new Map<number, number>();
    return (model?.entries ?? []).map((e) => {
      const depth = (depths.get(e.parentId ?? -1) ?? -1) + 1;
      depths.set(e.id, depth);
      return { id: e.id, depth, label: e.labels[0] ?? "", hasData: e.hasData ?? false, isDefault: e.isDefault ?? false };
    });
  });
  if (tree.error !== undefined) return <Message title="The view cannot be shown" text={tree.error} />;
  if (tree.data === undefined) return <Message title="Loading…" text="" />;
  if (!tree.data.some((e) => e.hasData)) return <Message title="Nothing to draw" text="This trace holds nothing that this view shows." />;
  return <Chart experiment={experiment} view={view} entries={tree.data} base={base} />;
}

interface ChartProps {
  readonly experiment: ExperimentSummary;
  readonly view: ViewSummary;
  readonly entries: readonly Entry[];
  readonly base: string;
}

function Chart({ experiment, view, entries, base }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(box);
  const [shown, setShown] = useState<ReadonlySet<number>>(() => new Set(entries.flatMap((e) => (e.isDefault && e.hasData ? [e.id] : []))));
  const range = useStore((s) => s.range);
  const theme = useTheme((s) => s.theme);
  const timeMode = useStore((s) => s.timeMode);
  const { origin } = experiment;
  const columns = Math.min(4096, Math.max(64, Math.ceil((width - yAxisWidth) / 64) * 64));
  const ids = entries.filter((e) => shown.has(e.id)).map((e) => e.id);
  const from = origin + BigInt(Math.floor(range.start));
  const to = origin + BigInt(Math.ceil(range.end));
  // A hidden tab has no width: it asks for nothing.
  const key = width < 2 ? undefined : `${base} ${columns} ${from} ${to} ${ids.join()}`;
  const { data, error, isLoading } = useLatest(
    key,
    async (signal): Promise<Loaded> => {
      const parameters = { requested_timerange: { start: from, end: to, nbTimes: columns }, requested_items: ids };
      const { model } = await call(`${base}/xy`, decodeXy, { body: { parameters }, signal });
      const series = model?.series ?? [];
      return {
        curves: series.map((s) => ({ id: s.seriesId, name: s.seriesName, x: s.xValues.map((t) => Number(t - origin)), y: s.yValues })),
        unit: series[0]?.yValuesDescription.unit ?? "",
        isPoints: series[0]?.style.values["series-type"] === "scatter",
      };
    },
    settleMs,
  );
  // What the main view shows too has its colour there.
  const styleColors = useStore((s) => s.styleColors);
  const colorOf = useMemo(() => {
    const withData = entries.filter((e) => e.hasData);
    return new Map(withData.map((e, i) => [e.id, styleColors.get(styleName(e.label)) ?? colors[i % colors.length] ?? "#64748b"]));
  }, [entries, styleColors]);
  const plotBox = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const loaded = useRef<Loaded | undefined>(undefined);
  loaded.current = data;
  const [pointed, setPointed] = useState("");

  const themed = useRef({ name: theme, colors: readGraphTheme() });
  if (themed.current.name !== theme) themed.current = { name: theme, colors: readGraphTheme() };
  const palette = themed.current.colors;

  // A new chart for new data, size or theme: cheap beside loading them.
  useEffect(() => {
    const target = plotBox.current;
    if (target === null || data === undefined || width < 2 || height < 2) return;
    const { x, y } = joinCurves(data.curves);
    const axis = { stroke: palette.muted, grid: { stroke: palette.grid, width: 1 }, ticks: { stroke: palette.grid, width: 1, size: 5 } };
    const font = '11px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif';
    const options: uPlot.Options = {
      width,
      height,
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: !data.isPoints }, y: data.isPoints },
      scales: {
        x: { time: false, range: () => [useStore.getState().range.start, useStore.getState().range.end] },
        y: data.isPoints ? { distr: 3, log: 10 } : { range: (_plot, _min, max) => [0, max > 0 ? max * 1.05 : 1] },
      },
      axes: [
        {
          ...axis,
          font,
          size: xAxisHeight,
          splits: (self, _axis, min, max) =>
            ticks(min, max, tickCount(min, max, self.bbox.width / devicePixelRatio), origin, timeMode).map((t) => t.time),
          values: (self, splits) => {
            const marks = ticks(splits[0] ?? 0, splits[splits.length - 1] ?? 0, Math.max(2, splits.length), origin, timeMode);
            const { range } = useStore.getState();
            const all = ticks(
              range.start,
              range.end,
              tickCount(range.start, range.end, self.bbox.width / devicePixelRatio),
              origin,
              timeMode,
            );
            return splits.map((time) => [...all, ...marks].find((t) => t.time === time)?.label ?? "");
          },
        },
        {
          ...axis,
          font,
          size: yAxisWidth,
          ...(data.unit.startsWith("bytes") ? { incrs: [...binarySteps] } : {}),
          values: (_plot, splits) => splits.map((value) => (value === null ? "" : formatValue(value, data.unit))),
        },
      ],
      series: [
        {},
        ...data.curves.map((curve): uPlot.Series => {
          const color = colorOf.get(curve.id) ?? "#64748b";
          return data.isPoints
            ? { label: curve.name, stroke: color, paths: () => null, points: { show: true, size: 5, width: 0, fill: color } }
            : { label: curve.name, stroke: color, width: 1.5, fill: `${color}18`, points: { show: false } };
        }),
      ],
      hooks: {
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 3) return;
            useStore.getState().setRange({ start: self.posToVal(left, "x"), end: self.posToVal(left + width, "x") });
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        draw: [(self) => drawSelection(self, palette.accent)],
      },
    };
    const own = new uPlot(options, [[...x], ...y.map((values) => [...values])] as uPlot.AlignedData, target);
    plot.current = own;
    const area = own.over;
    let pressedAt = Number.NaN;
    const timeAt = (event: MouseEvent): number => own.posToVal(event.clientX - area.getBoundingClientRect().left, "x");
    const at = (event: MouseEvent) => {
      const rect = area.getBoundingClientRect();
      const place = { x: event.clientX - rect.left, y: event.clientY - rect.top };
      return nearestPoint(
        data.curves,
        place,
        reachPx,
        (t) => own.valToPos(t, "x"),
        (v) => own.valToPos(v, "y"),
      );
    };
    const onMove = (event: MouseEvent): void => {
      const time = timeAt(event);
      useStore.getState().setHover(time);
      if (data.isPoints) {
        const point = at(event);
        area.style.cursor = point === undefined ? "crosshair" : "pointer";
        setPointed(point === undefined ? "" : `${point.curve.name}: ${formatValue(point.value, data.unit)}`);
      } else {
        const i = own.cursor.idx;
        const values = data.curves.map((curve, c) => `${curve.name}: ${formatValue(y[c]?.[i ?? -1] ?? 0, data.unit)}`);
        setPointed(i === null || i === undefined ? "" : values.slice(0, 4).join(" · "));
      }
    };
    const onLeave = (): void => {
      useStore.getState().setHover(undefined);
      setPointed("");
    };
    const onDown = (event: MouseEvent): void => {
      pressedAt = event.clientX;
    };
    const onClick = (event: MouseEvent): void => {
      if (Math.abs(event.clientX - pressedAt) > 3) return;
      const point = data.isPoints ? at(event) : undefined;
      if (point === undefined) useStore.getState().select({ time: timeAt(event), entry: useStore.getState().selection?.entry });
      else void showRequestOf(experiment, point.time, point.value);
    };
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const store = useStore.getState();
      const lines = event.deltaMode === 1 ? 16 : 1;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) store.pan((event.deltaX * lines) / area.clientWidth);
      else store.zoom(Math.exp(Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0022), timeAt(event));
    };
    area.addEventListener("mousemove", onMove);
    area.addEventListener("mouseleave", onLeave);
    area.addEventListener("mousedown", onDown);
    area.addEventListener("click", onClick);
    area.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      plot.current = undefined;
      own.destroy();
    };
  }, [data, width, height, palette, timeMode, origin, colorOf, experiment]);

  // Range, crosshair and selection move without a new chart.
  useEffect(() => {
    let frame = 0;
    const follow = (): void => {
      frame = 0;
      const own = plot.current;
      if (own === undefined) return;
      const { range, hover } = useStore.getState();
      if (own.scales["x"]?.min !== range.start || own.scales["x"]?.max !== range.end)
        own.setScale("x", { min: range.start, max: range.end });
      else own.redraw(false, false);
      if (!own.over.matches(":hover"))
        own.setCursor({ left: hover === undefined ? -10 : own.valToPos(hover, "x"), top: hover === undefined ? -10 : 0 }, false);
    };
    const unsubscribe = useStore.subscribe(() => {
      if (frame === 0) frame = requestAnimationFrame(follow);
    });
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame);
    };
  }, []);

  const toggle = (id: number): void =>
    setShown((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const isEmpty = data?.curves.every((curve) => curve.x.length === 0) ?? false;
  return (
    <div className="xy">
      <fieldset className="xy-tree" aria-label={`${view.title}: curves`}>
        {entries.map((entry) =>
          entry.hasData ? (
            <label key={entry.id} className="xy-entry" style={{ paddingLeft: 6 + entry.depth * 14 }}>
              <input type="checkbox" checked={shown.has(entry.id)} onChange={() => toggle(entry.id)} />
              <span
                className="swatch"
                style={{ background: shown.has(entry.id) ? colorOf.get(entry.id) : "transparent" }}
                aria-hidden="true"
              />
              {entry.label}
            </label>
          ) : (
            <div key={entry.id} className="xy-group" style={{ paddingLeft: 6 + entry.depth * 14 }}>
              {entry.label}
            </div>
          ),
        )}
      </fieldset>
      <div className="xy-main">
        <div className="xy-box" ref={box} data-testid={`xy-${view.id}`} data-curves={data?.curves.length ?? 0}>
          <div ref={plotBox} role="img" aria-label={`${view.title}, ${summary(data, origin, timeMode)}`} />
          {ids.length === 0 ? <div className="tg-none">Choose a curve at the left.</div> : null}
          {ids.length > 0 && isEmpty ? <div className="tg-none">Nothing in the visible range.</div> : null}
          {isLoading ? <div className="loading-line" role="progressbar" aria-label="Loading curves" /> : null}
        </div>
        <div className="tg-legend" role="status">
          {error === undefined ? <span className="is-mono">{pointed}</span> : <span className="error-text">{error}</span>}
        </div>
      </div>
    </div>
  );
}

/** What the chart shows, in a sentence for those who do not see it. */
function summary(data: Loaded | undefined, origin: bigint, timeMode: Parameters<typeof formatTime>[2]): string {
  if (data === undefined) return "loading";
  const parts = data.curves.slice(0, 6).map(({ name, x, y }) => {
    const top = y.reduce((best, value, i) => (value > (y[best] ?? Number.NEGATIVE_INFINITY) ? i : best), 0);
    return x.length === 0
      ? `${name}: nothing`
      : `${name}: at most ${formatValue(y[top] ?? 0, data.unit)} at ${formatTime(x[top] ?? 0, origin, timeMode)}`;
  });
  return parts.join("; ");
}

function drawSelection(plot: uPlot, accent: string): void {
  const { selection } = useStore.getState();
  if (selection === undefined) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const x0 = plot.valToPos(selection.time, "x", true);
  if (selection.end !== undefined) {
    ctx.fillStyle = accent;
    ctx.globalAlpha = 0.12;
    ctx.fillRect(x0, bbox.top, plot.valToPos(selection.end, "x", true) - x0, bbox.height);
    ctx.globalAlpha = 1;
  }
  ctx.strokeStyle = accent;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(Math.round(x0), bbox.top);
  ctx.lineTo(Math.round(x0), bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

let underWay: AbortController | undefined;

/** Shows the request that arrived at `time` and took `duration`. Latest wins. */
async function showRequestOf(experiment: ExperimentSummary, time: number, duration: number): Promise<void> {
  underWay?.abort();
  const own = new AbortController();
  underWay = own;
  const start = experiment.origin + BigInt(Math.round(time));
  const path = query(`api/experiments/${experiment.id}/requests`, { from: start, to: start + 1n, sort: "duration", limit: 10_000 });
  try {
    const { requests } = await call(path, decodeRequestList, { signal: own.signal });
    const found =
      requests.find((r) => r.start === start && Math.abs(r.durationNs - duration) < 1) ?? requests.find((r) => r.start === start);
    if (found === undefined) return;
    focusRequest(found, false);
    useStore.getState().want("request");
  } catch (error) {
    if (!isAbort(error)) useStore.getState().select({ time });
  }
}
