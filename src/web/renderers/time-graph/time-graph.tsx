/**
 * A time graph: rows of states over time. At the left the tree of rows (a real `tree` for keyboards and screen readers), at the right two canvases: states
 * below, pointer and selection above. It draws any view of type time-graph and knows nothing of Redis.
 *
 * The canvases are painted outside of React: the store's range and hover change on every mouse move, and painting reads them directly. React renders only
 * what changes rarely: the visible tree rows, the tooltip, the legend.
 */
import { ChevronDown, ChevronRight, ListFilter, Route } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { decodeTooltip } from "../../../tsp/index.ts";
import { safeColor } from "../../format/color.ts";
import { formatDuration, formatExactNs, formatTime } from "../../format/time.ts";
import { formatCount } from "../../format/units.ts";
import { call, isAbort } from "../../state/client.ts";
import { pick } from "../../state/pick.ts";
import { type Range, styleName, useStore } from "../../state/store.ts";
import { useTheme } from "../../state/theme.ts";
import { useLatest } from "../../state/use-latest.ts";
import { Message } from "../../widgets/message.tsx";
import { useSize } from "../../widgets/use-size.ts";
import { tickCount, ticks } from "./axis.ts";
import { treeWidth as firstTreeWidth, overscan, takeLoader, takeTree, viewLoader } from "./first-view.ts";
import { type PaintBuffers, paintAxis, paintGraph, paintOverlay, rowHeight, type StyleInfo } from "./painter.ts";
import { type TreeEntry, unfoldTo, type VisibleTree, visibleRows } from "./rows.ts";
import { firstEndingAfter, stateAt } from "./states.ts";
import { readGraphTheme } from "./theme.ts";
import { loadTree } from "./tree.ts";
import type { LoadingState, WindowLoader } from "./window-loader.ts";

const axisHeight = 24;
/** A click this near to a thin state counts as on it, px. */
const reach = 3;
/** Farther than this between press and release is a drag, px. */
const dragThreshold = 4;

export interface TimeGraphProps {
  readonly experimentId: string;
  readonly viewId: string;
  readonly origin: bigint;
  readonly title: string;
  /** Range of the request in the detail panel, shaded. */
  readonly request: Range | undefined;
}

/** The state under the pointer. */
interface Hit {
  readonly row: number;
  readonly entry: number;
  readonly rowLabel: string;
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly style: string;
  readonly count: number;
  readonly time: number;
  /** Where the pointer is, in the window. */
  readonly clientX: number;
  readonly clientY: number;
}

export function TimeGraph(props: TimeGraphProps) {
  const { experimentId, viewId, origin } = props;
  const loadedTree = useLatest(`${experimentId}/${viewId}`, async (signal) => {
    const tree = await (takeTree(experimentId, viewId) ?? loadTree(experimentId, viewId, origin, signal));
    const { connectionRows, styles } = tree;
    // Only the view whose rows are connections says where a request is found, and in which colours.
    if (connectionRows.size > 0)
      useStore.getState().setGraph(connectionRows, new Map(Object.entries(styles).map(([key, style]) => [styleName(key), style.color])));
    return tree;
  });

  if (loadedTree.error !== undefined) return <Message title="The view cannot be shown" text={loadedTree.error} />;
  if (loadedTree.data === undefined) return <Message title="Loading rows…" text="" />;
  if (loadedTree.data.entries.length === 0) {
    return (
      <Message
        title="Nothing to draw"
        text="This trace holds no connections and no threads of a data store. Was it recorded while the store was traced?"
      />
    );
  }
  return (
    <Graph
      {...props}
      entries={loadedTree.data.entries}
      styles={loadedTree.data.styles}
      folded={loadedTree.data.folded}
      hasValues={loadedTree.data.hasValues}
    />
  );
}

interface GraphProps extends TimeGraphProps {
  readonly entries: readonly TreeEntry[];
  readonly styles: Readonly<Record<string, StyleInfo>>;
  /** Rows that start out folded. */
  readonly folded: ReadonlySet<number>;
  /** Rows show their state at the selected time. */
  readonly hasValues: boolean;
}

function Graph({ experimentId, viewId, origin, title, request, entries, styles, folded, hasValues }: GraphProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const chart = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const treeElement = useRef<HTMLDivElement>(null);
  const { width } = useSize(chart);
  // The layer fills the visible part of the scrolled box, however many rows there are.
  const { height } = useSize(scroller);
  const [scrollTop, setScrollTop] = useState(0);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(folded);
  const [filter, setFilter] = useState("");
  const [treeWidth, setTreeWidth] = useState(firstTreeWidth);
  const [showArrows, setShowArrows] = useState(true);
  const [hit, setHit] = useState<Hit | undefined>(undefined);
  const [loading, setLoading] = useState<LoadingState>({ isLoading: true, error: undefined });
  const theme = useTheme((s) => s.theme);
  const selection = useStore((s) => s.selection);
  const timeMode = useStore((s) => s.timeMode);
  const [isAliveOnly, setAliveOnly] = useState(false);
  // Renders with the range only while the rows depend on it.
  const aliveIn = useStore((s) => (isAliveOnly ? s.range : undefined));
  const tree = useMemo(() => visibleRows(entries, collapsed, filter, aliveIn), [entries, collapsed, filter, aliveIn]);
  const buffers = useRef<PaintBuffers>({ image: undefined, raster: undefined, textWidths: new Map() });
  const loader = useRef<WindowLoader | undefined>(undefined);
  const frame = useRef(0);

  // What painting needs, readable outside of React's renders.
  const current = useRef({ tree, scrollTop, width, height, styles, theme: readGraphTheme(), showArrows, hit, request, themeName: theme });
  const live = current.current;
  if (live.themeName !== theme) Object.assign(live, { theme: readGraphTheme(), themeName: theme });
  Object.assign(live, { tree, scrollTop, width, height, styles, showArrows, hit, request });

  const paint = useCallback(() => {
    frame.current = 0;
    const { range, full, hover, selection, timeMode } = useStore.getState();
    const { tree, scrollTop, width, height, styles, theme, showArrows, hit, request } = current.current;
    if (width < 2 || height < 2 || canvas.current === null || overlay.current === null || axis.current === null) return;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan);
    const last = Math.ceil((scrollTop + height) / rowHeight) + overscan;
    const needed = tree.rows.slice(first, last).flatMap((r) => (r.hasData ? [r.id] : []));
    loader.current?.want({ range, columns: Math.ceil(width), entries: needed }, full);
    const window = loader.current?.loaded;
    const marks = ticks(range.start, range.end, tickCount(range.start, range.end, width), origin, timeMode);
    const scene = { tree, range, window, styles, ticks: marks, scrollTop, selectedEntry: selection?.entry, theme, showArrows };
    const began = performance.now();
    const states = paintGraph(canvas.current, width, height, scene, buffers.current);
    // For tests and the curious: what the last frame cost.
    canvas.current.dataset["frameMs"] = (performance.now() - began).toFixed(1);
    canvas.current.dataset["states"] = String(states);

    const boxes: { row: number; start: number; end: number; isSelected: boolean }[] = [];
    if (selection?.entry !== undefined && window !== undefined) {
      const row = tree.indexOf(selection.entry);
      const own = window.rows.get(selection.entry);
      const i = own === undefined ? -1 : stateAt(own, selection.time, 0);
      if (row !== undefined && own !== undefined && i >= 0 && tree.rows[row]?.id === selection.entry) {
        boxes.push({ row, start: own.starts[i] ?? 0, end: own.ends[i] ?? 0, isSelected: true });
      }
    }
    if (hit !== undefined) boxes.push({ row: hit.row, start: hit.start, end: hit.end, isSelected: false });
    paintOverlay(overlay.current, width, height, { range, hover, selection, theme, boxes, scrollTop, request });

    const flags: { time: number; text: string; isAccent: boolean }[] = [];
    if (selection !== undefined) {
      if (selection.end === undefined)
        flags.push({ time: selection.time, text: formatTime(selection.time, origin, timeMode), isAccent: true });
      else {
        const length = Math.abs(selection.end - selection.time);
        flags.push({ time: (selection.time + selection.end) / 2, text: formatDuration(length), isAccent: true });
      }
    }
    if (hover !== undefined) flags.push({ time: hover, text: formatTime(hover, origin, timeMode), isAccent: false });
    paintAxis(axis.current, width, axisHeight, { range, ticks: marks, theme, mutedInk: theme.muted, flags });
  }, [origin]);

  const schedule = useCallback(() => {
    if (frame.current === 0) frame.current = requestAnimationFrame(paint);
  }, [paint]);

  useEffect(() => {
    const own = takeLoader(experimentId, viewId) ?? viewLoader(experimentId, viewId, origin);
    loader.current = own;
    own.follow((state) => {
      setLoading(state);
      schedule();
    });
    const unsubscribe = useStore.subscribe(schedule);
    schedule();
    return () => {
      own.close();
      unsubscribe();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [experimentId, viewId, origin, schedule]);
  useEffect(schedule);

  const timeAt = (x: number): number => {
    const { range } = useStore.getState();
    return range.start + (x / Math.max(1, width)) * (range.end - range.start);
  };

  const hitAt = (x: number, y: number): Hit | undefined => {
    const { range } = useStore.getState();
    const index = Math.floor((y + scrollTop) / rowHeight);
    const row = tree.rows[index];
    const window = loader.current?.loaded;
    const states = row === undefined ? undefined : window?.rows.get(row.id);
    if (row === undefined || states === undefined || window === undefined) return undefined;
    const time = timeAt(x);
    const i = stateAt(states, time, (reach * (range.end - range.start)) / width);
    if (i < 0) return undefined;
    const start = states.starts[i] ?? 0;
    const end = states.ends[i] ?? 0;
    const box = chart.current?.getBoundingClientRect();
    return {
      row: index,
      entry: row.id,
      rowLabel: row.label,
      start,
      end,
      label: window.labels[states.labels[i] ?? 0] ?? "",
      style: window.styles[states.styles[i] ?? 0] ?? "",
      count: states.counts[i] ?? 1,
      time: Math.min(Math.max(time, start), Math.max(start, end - 1)),
      clientX: x + (box?.left ?? 0),
      clientY: y + (box?.top ?? 0),
    };
  };

  // Wheel: React's listener is passive, ours must stop the page from scrolling.
  useEffect(() => {
    const element = chart.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const store = useStore.getState();
      const x = event.clientX - element.getBoundingClientRect().left;
      const lines = event.deltaMode === 1 ? 16 : 1;
      if (event.shiftKey && scroller.current !== null) scroller.current.scrollTop += (event.deltaY || event.deltaX) * lines;
      else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) store.pan((event.deltaX * lines) / element.clientWidth);
      else {
        const { range } = store;
        const at = range.start + (x / element.clientWidth) * (range.end - range.start);
        store.zoom(Math.exp(Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0022), at);
      }
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const drag = useRef<{ x: number; y: number; range: Range; scrollTop: number; isSelect: boolean; hasMoved: boolean } | undefined>(
    undefined,
  );
  const local = (event: PointerEvent<HTMLElement>): { x: number; y: number } => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    const { x, y } = local(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    treeElement.current?.focus({ preventScroll: true });
    drag.current = { x, y, range: useStore.getState().range, scrollTop, isSelect: event.shiftKey, hasMoved: false };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    const { x, y } = local(event);
    const store = useStore.getState();
    const d = drag.current;
    if (d !== undefined && (d.hasMoved || Math.hypot(x - d.x, y - d.y) >= dragThreshold)) {
      d.hasMoved = true;
      setHit(undefined);
      const perPixel = (d.range.end - d.range.start) / width;
      if (d.isSelect)
        store.select({ time: d.range.start + d.x * perPixel, end: timeAt(Math.min(width, Math.max(0, x))), entry: store.selection?.entry });
      else {
        const by = (d.x - x) * perPixel;
        store.setRange({ start: d.range.start + by, end: d.range.end + by });
        if (scroller.current !== null) scroller.current.scrollTop = d.scrollTop + d.y - y;
      }
    } else setHit(hitAt(x, y));
    store.setHover(timeAt(x));
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>): void => {
    const d = drag.current;
    drag.current = undefined;
    if (d === undefined || d.hasMoved) return;
    const { x, y } = local(event);
    const found = hitAt(x, y);
    const row = tree.rows[Math.floor((y + scrollTop) / rowHeight)];
    const store = useStore.getState();
    if (event.shiftKey && store.selection !== undefined) {
      store.select({ ...store.selection, end: timeAt(x) });
      return;
    }
    store.select({ time: Math.floor(found?.time ?? timeAt(x)), entry: row?.id });
    if (row !== undefined && found !== undefined) void pick(viewId, row.id, found.time);
  };

  const scrollToRow = useCallback(
    (index: number): void => {
      const element = scroller.current;
      if (element === null) return;
      const top = index * rowHeight;
      const isNear = top > element.scrollTop - 3 * rowHeight && top < element.scrollTop + height + 2 * rowHeight;
      // From far away it comes to the middle, so that its neighbours show.
      if (!isNear) element.scrollTop = top - height / 2;
      else if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + height) element.scrollTop = top + rowHeight - height;
    },
    [height],
  );

  // A row selected elsewhere (link, search) comes into view, also out of a folded group.
  useEffect(() => {
    const entry = selection?.entry;
    if (entry !== undefined) setCollapsed((old) => unfoldTo(entries, old, entry));
  }, [selection?.entry, entries]);
  useEffect(() => {
    const index = selection?.entry === undefined ? undefined : tree.indexOf(selection.entry);
    if (index !== undefined && height > 0) scrollToRow(index);
  }, [selection?.entry, tree, height, scrollToRow]);

  const toggle = (id: number): void => {
    setCollapsed((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  };

  const selectRow = (index: number): void => {
    const row = tree.rows[index];
    if (row === undefined) return;
    const store = useStore.getState();
    store.select({ time: store.selection?.time ?? Math.floor((store.range.start + store.range.end) / 2), entry: row.id });
    scrollToRow(index);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = selection?.entry === undefined ? undefined : tree.indexOf(selection.entry);
    const row = index === undefined ? undefined : tree.rows[index];
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const move = moves[event.key];
    if (move !== undefined) selectRow(index === undefined ? 0 : Math.min(tree.rows.length - 1, Math.max(0, index + move)));
    else if (event.key === "Home") selectRow(0);
    else if (event.key === "End") selectRow(tree.rows.length - 1);
    else if (row?.hasChildren && (event.key === "Enter" || event.key === " ")) toggle(row.id);
    else if (row?.hasChildren && event.key === "ArrowLeft") {
      if (row.isExpanded) toggle(row.id);
    } else if (row?.hasChildren && event.key === "ArrowRight") {
      if (!row.isExpanded) toggle(row.id);
    } else if (row !== undefined && (event.key === "ArrowLeft" || event.key === "ArrowRight"))
      stepState(row.id, event.key === "ArrowRight" ? 1 : -1);
    else if (row !== undefined && event.key === "Enter") void pick(viewId, row.id, selection?.time ?? 0);
    else return;
    event.preventDefault();
  };

  /** Selects the next or previous state of a row; at the edge of what is loaded it moves there instead. */
  const stepState = (entry: number, direction: 1 | -1): void => {
    const states = loader.current?.loaded?.rows.get(entry);
    const store = useStore.getState();
    if (states === undefined || selection === undefined) return;
    const at = firstEndingAfter(states, selection.time);
    const covers = at < states.count && (states.starts[at] ?? 0) <= selection.time;
    const next = direction === 1 ? (covers ? at + 1 : at) : at - 1;
    if (next < 0 || next >= states.count) {
      store.pan(direction * 0.5);
      return;
    }
    const time = states.starts[next] ?? 0;
    store.select({ time, entry });
    const { range } = store;
    const span = range.end - range.start;
    if (time < range.start || time > range.end) store.setRange({ start: time - span / 2, end: time + span / 2 });
    void pick(viewId, entry, time);
  };

  /** The label of a row's state at the selected time, as far as it is loaded. */
  const valueAt = (entry: number): string => {
    const window = loader.current?.loaded;
    const states = window?.rows.get(entry);
    if (window === undefined || states === undefined || selection === undefined) return "";
    const i = stateAt(states, selection.time, 0);
    return i < 0 ? "" : (window.labels[states.labels[i] ?? 0] ?? "");
  };

  const firstRow = Math.max(0, Math.floor(scrollTop / rowHeight) - 2);
  const lastRow = Math.min(tree.rows.length, Math.ceil((scrollTop + height) / rowHeight) + 2);
  // What can be seen: the whole palette of a view is long.
  const loadedStyles = loader.current?.loaded?.styles ?? [];
  const usedStyles = Object.entries(styles).filter(([key]) => loadedStyles.includes(key));

  return (
    <div className="time-graph">
      <div className="tg-head">
        <div className="tg-tools" style={{ width: treeWidth }}>
          <input
            className="field"
            type="search"
            placeholder="Filter rows"
            aria-label="Filter rows"
            value={filter}
            onChange={(e) => setFilter(e.target.value)}
          />
          <button
            type="button"
            className="icon-button"
            aria-pressed={isAliveOnly}
            title={isAliveOnly ? "Show all rows" : "Show only rows that exist in the visible range"}
            aria-label="Only rows that exist in the visible range"
            onClick={() => setAliveOnly(!isAliveOnly)}
          >
            <ListFilter size={15} aria-hidden="true" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-pressed={showArrows}
            title={showArrows ? "Hide arrows" : "Show arrows"}
            aria-label="Arrows between rows"
            onClick={() => setShowArrows(!showArrows)}
          >
            <Route size={15} aria-hidden="true" />
          </button>
        </div>
        <canvas className="tg-axis" ref={axis} style={{ width, height: axisHeight }} />
        {loading.isLoading ? <div className="loading-line" role="progressbar" aria-label="Loading states" /> : null}
      </div>
      <div className="tg-body" ref={scroller} onScroll={(e) => setScrollTop(e.currentTarget.scrollTop)}>
        <div className="tg-spacer" style={{ height: tree.rows.length * rowHeight }} />
        <div className="tg-layer" style={{ height }}>
          <div
            className="tg-tree"
            ref={treeElement}
            style={{ width: treeWidth }}
            role="tree"
            aria-label={`${title}: rows`}
            tabIndex={0}
            aria-activedescendant={selection?.entry === undefined ? undefined : `row-${viewId}-${selection.entry}`}
            onKeyDown={onKeyDown}
          >
            {tree.rows.slice(firstRow, lastRow).map((row, i) => {
              const index = firstRow + i;
              const isSelected = selection?.entry === row.id;
              return (
                // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names its active item.
                // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the tree.
                <div
                  key={row.id}
                  id={`row-${viewId}-${row.id}`}
                  role="treeitem"
                  aria-level={row.depth + 1}
                  aria-selected={isSelected}
                  aria-expanded={row.hasChildren ? row.isExpanded : undefined}
                  className={`tg-row${row.hasData ? "" : " is-group"}${index % 2 === 1 ? " is-odd" : ""}`}
                  style={{ top: index * rowHeight - scrollTop, height: rowHeight, paddingLeft: 6 + row.depth * 14 }}
                  title={row.detail === "" ? row.label : `${row.label} ${row.detail}`}
                  onClick={() => selectRow(index)}
                >
                  {row.hasChildren ? (
                    <span
                      className="tg-twist"
                      aria-hidden="true"
                      onClick={(e) => {
                        e.stopPropagation();
                        toggle(row.id);
                      }}
                    >
                      {row.isExpanded ? <ChevronDown size={13} /> : <ChevronRight size={13} />}
                    </span>
                  ) : (
                    <span className="tg-twist" />
                  )}
                  <span className="tg-label">{row.label}</span>
                  {row.detail === "" ? null : <span className="tg-detail">{row.detail}</span>}
                  {hasValues && row.hasData ? <span className="tg-value is-mono">{valueAt(row.id)}</span> : null}
                </div>
              );
            })}
          </div>
          <TreeSplitter width={treeWidth} onChange={setTreeWidth} />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the mouse's way; everything it does has a key in the tree. */}
          <div
            className="tg-chart"
            ref={chart}
            onPointerDown={onPointerDown}
            onPointerMove={onPointerMove}
            onPointerUp={onPointerUp}
            onPointerLeave={() => {
              setHit(undefined);
              useStore.getState().setHover(undefined);
            }}
            onDoubleClick={(e) => {
              const box = e.currentTarget.getBoundingClientRect();
              const found = hitAt(e.clientX - box.left, e.clientY - box.top);
              if (found === undefined) return;
              const margin = Math.max(20, (found.end - found.start) * 0.5);
              useStore.getState().setRange({ start: found.start - margin, end: found.end + margin });
            }}
          >
            <canvas ref={canvas} className="tg-canvas" data-testid="states" style={{ width, height }} />
            <canvas ref={overlay} className="tg-canvas" style={{ width, height }} />
            {hit === undefined ? null : (
              <Tooltip hit={hit} styles={styles} origin={origin} experimentId={experimentId} viewId={viewId} timeMode={timeMode} />
            )}
            {tree.rows.length === 0 ? (
              <div className="tg-none">{filter.trim() === "" ? "No row exists in the visible range." : `No row matches “${filter}”.`}</div>
            ) : null}
          </div>
        </div>
      </div>
      <div className="tg-legend">
        {loading.error === undefined ? null : (
          <span className="error-text" role="alert">
            {loading.error}
          </span>
        )}
        <div className="tg-styles">
          {usedStyles.map(([key, style]) => (
            <span className="legend-item" key={key}>
              <span className="swatch" style={{ background: safeColor(style.color) }} aria-hidden="true" />
              {style.text}
            </span>
          ))}
        </div>
        {isAliveOnly ? null : <AbsentRows entries={entries} onHide={() => setAliveOnly(true)} />}
      </div>
      <Announcer tree={tree} loader={loader} origin={origin} />
    </div>
  );
}

/** From this many rows on that do not exist in the visible range, hiding them is offered. */
const manyAbsent = 10;

function AbsentRows({ entries, onHide }: { readonly entries: readonly TreeEntry[]; readonly onHide: () => void }) {
  // A number, so that this renders when it changes and not with every move.
  const absent = useStore(({ range }) =>
    entries.reduce((n, e) => n + (e.hasData && (e.start >= range.end || e.end <= range.start) ? 1 : 0), 0),
  );
  if (absent < manyAbsent) return null;
  return (
    <span className="legend-item">
      {formatCount(absent)} rows lie outside this range
      <button type="button" className="link" onClick={onHide}>
        Hide them
      </button>
    </span>
  );
}

/** Says the selected row, state and time to screen readers. */
function Announcer(props: {
  readonly tree: VisibleTree;
  readonly loader: { readonly current: WindowLoader | undefined };
  readonly origin: bigint;
}) {
  const selection = useStore((s) => s.selection);
  const timeMode = useStore((s) => s.timeMode);
  let text = "";
  if (selection !== undefined) {
    const index = selection.entry === undefined ? undefined : props.tree.indexOf(selection.entry);
    const row = index === undefined ? undefined : props.tree.rows[index];
    const window = props.loader.current?.loaded;
    const states = selection.entry === undefined ? undefined : window?.rows.get(selection.entry);
    const i = states === undefined ? -1 : stateAt(states, selection.time, 0);
    const label = states === undefined || i < 0 ? "no state" : (window?.labels[states.labels[i] ?? 0] ?? "");
    const length = states === undefined || i < 0 ? "" : `, ${formatDuration((states.ends[i] ?? 0) - (states.starts[i] ?? 0))}`;
    text = `${row === undefined ? "" : `${row.label}: ${label}${length}, `}at ${formatTime(selection.time, props.origin, timeMode)}`;
  }
  return (
    <div className="visually-hidden" aria-live="polite">
      {text}
    </div>
  );
}

/** Divider between tree and chart: drag it, or move it with the arrow keys. */
function TreeSplitter({ width, onChange }: { readonly width: number; readonly onChange: (width: number) => void }) {
  const start = useRef<{ x: number; width: number } | undefined>(undefined);
  const set = (value: number): void => onChange(Math.min(520, Math.max(110, value)));
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot be moved.
    <div
      className="tg-splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the row labels"
      aria-valuenow={Math.round(width)}
      aria-valuemin={110}
      aria-valuemax={520}
      tabIndex={0}
      onKeyDown={(e) => {
        if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
        e.preventDefault();
        set(width + (e.key === "ArrowLeft" ? -16 : 16));
      }}
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId);
        start.current = { x: e.clientX, width };
      }}
      onPointerMove={(e) => {
        if (start.current !== undefined) set(start.current.width + e.clientX - start.current.x);
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
    />
  );
}

interface TooltipProps {
  readonly hit: Hit;
  readonly styles: Readonly<Record<string, StyleInfo>>;
  readonly origin: bigint;
  readonly experimentId: string;
  readonly viewId: string;
  readonly timeMode: "local" | "utc" | "relative";
}

function Tooltip({ hit, styles, origin, experimentId, viewId, timeMode }: TooltipProps) {
  const [extra, setExtra] = useState<readonly (readonly [string, string])[]>([]);
  const key = `${hit.entry}/${hit.start}`;
  const time = Math.floor(hit.time);
  const asked = useRef({ time, entry: hit.entry, start: hit.start, end: hit.end });
  asked.current = { time, entry: hit.entry, start: hit.start, end: hit.end };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once per state, not for every pixel inside it.
  useEffect(() => {
    setExtra([]);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const a = asked.current;
      const parameters = {
        requested_times: [origin + BigInt(a.time)],
        requested_items: [a.entry],
        requested_element: { elementType: "state", time: origin + BigInt(Math.floor(a.start)), duration: Math.round(a.end - a.start) },
      };
      const path = `tsp/api/experiments/${experimentId}/outputs/timeGraph/${encodeURIComponent(viewId)}/tooltip`;
      call(path, decodeTooltip, { body: { parameters }, signal: abort.signal }).then(
        (answer) => setExtra(Object.entries(answer.model ?? {})),
        // A tooltip without its extra lines is still right; the graph itself reports a server that is gone.
        (error: unknown) => (isAbort(error) ? undefined : setExtra([])),
      );
    }, 120);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, experimentId, viewId, origin]);

  const style = styles[hit.style];
  const length = hit.end - hit.start;
  // Where states are merged, start and end are those of the drawn run, not of any one state.
  const isMerged = hit.count > 1;
  const lines: (readonly [string, string])[] = [
    [isMerged ? "From" : "Start", formatTime(hit.start, origin, timeMode)],
    [isMerged ? "To" : "End", formatTime(hit.end, origin, timeMode)],
    [isMerged ? "Length" : "Duration", length >= 1_000 ? `${formatDuration(length)}  (${formatExactNs(length)})` : formatExactNs(length)],
    ...extra,
  ];
  // Beside the pointer, on the side that has room; at the page's end, so that no panel cuts it off.
  const position = {
    ...(hit.clientX > innerWidth - 360 ? { right: innerWidth - hit.clientX + 14 } : { left: hit.clientX + 14 }),
    ...(hit.clientY > innerHeight - 240 ? { bottom: innerHeight - hit.clientY + 12 } : { top: hit.clientY + 16 }),
  };
  return createPortal(
    <div className="tooltip" style={position} role="tooltip">
      <div className="tooltip-title">
        <span className="swatch" style={{ background: safeColor(style?.color ?? "") }} />
        <strong>
          {isMerged ? "mostly " : ""}
          {hit.label === "" ? (style?.text ?? hit.style) : hit.label}
        </strong>
        {style === undefined || style.text === hit.label ? null : <span className="muted">{style.text}</span>}
      </div>
      <div className="muted tooltip-row">{hit.rowLabel}</div>
      <dl>
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {isMerged ? (
        <div className="tooltip-note">{formatCount(hit.count)} states here, too short to draw one by one. Zoom in to tell them apart.</div>
      ) : null}
    </div>,
    document.body,
  );
}
