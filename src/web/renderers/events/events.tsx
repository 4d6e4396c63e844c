/** The events table: every event in time order, searched by a regular expression per column, its time in step with the other panels both ways. */
import { ArrowDown, ArrowUp } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { decodeEventIndex, type EventColumn, type EventRowWire, type ExperimentSummary } from "../../../tsp/index.ts";
import { formatDuration, formatTime } from "../../format/time.ts";
import { formatCount } from "../../format/units.ts";
import { call, isAbort, query } from "../../state/client.ts";
import { useStore } from "../../state/store.ts";
import { type Column, VirtualTable, type VirtualTableHandle } from "../../widgets/virtual-table.tsx";
import { createEventPages, type EventPages } from "./event-pages.ts";

type Patterns = Partial<Record<EventColumn, string>>;

export function EventsPanel({ experiment }: { readonly experiment: ExperimentSummary }) {
  const { id, origin, eventCount } = experiment;
  const timeMode = useStore((s) => s.timeMode);
  const selectedTime = useStore((s) => s.selection?.time);
  const [selected, setSelected] = useState<number | undefined>(undefined);
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<string | undefined>(undefined);
  const [patterns, setPatterns] = useState<Patterns>({});
  const [found, setFound] = useState("");
  const [isSearching, setSearching] = useState(false);
  const table = useRef<VirtualTableHandle>(null);
  const pages = useRef<EventPages | undefined>(undefined);
  const ownTime = useRef<number | undefined>(undefined);
  const search = useRef<AbortController | undefined>(undefined);

  useEffect(() => {
    const own = createEventPages(id, (message) => {
      setError(message);
      setVersion((v) => v + 1);
    });
    pages.current = own;
    setVersion((v) => v + 1);
    return () => own.close();
  }, [id]);

  // The shared time moved, and not by this table: go to the first event at or after it.
  useEffect(() => {
    if (selectedTime === undefined || selectedTime === ownTime.current || eventCount === 0) return;
    const abort = new AbortController();
    const path = query(`api/experiments/${id}/events/index-at`, { time: origin + BigInt(Math.floor(selectedTime)) });
    call(path, decodeEventIndex, { signal: abort.signal }).then(
      ({ index }) => {
        const row = Math.min(eventCount - 1, index ?? 0);
        setSelected(row);
        table.current?.scrollToRow(row);
      },
      (cause: unknown) => {
        if (!isAbort(cause)) setError(cause instanceof Error ? cause.message : String(cause));
      },
    );
    return () => abort.abort();
  }, [selectedTime, id, origin, eventCount]);

  const select = useCallback(
    (index: number): void => {
      setSelected(index);
      const row = pages.current?.row(index);
      if (row === undefined) return;
      const time = Number(row.time - origin);
      ownTime.current = time;
      const store = useStore.getState();
      store.select({ time, entry: store.selection?.entry });
      const { range } = store;
      if (time < range.start || time > range.end) {
        const half = (range.end - range.start) / 2;
        store.setRange({ start: time - half, end: time + half });
      }
    },
    [origin],
  );

  const find = useCallback(
    async (direction: "next" | "previous"): Promise<void> => {
      const entries = Object.entries(patterns).filter(([, p]) => p !== "");
      if (entries.length === 0) return;
      search.current?.abort();
      const own = new AbortController();
      search.current = own;
      setSearching(true);
      setFound("");
      const from = selected === undefined ? (direction === "next" ? 0 : eventCount - 1) : selected + (direction === "next" ? 1 : -1);
      try {
        const isInside = from >= 0 && from < eventCount;
        const path = query(`api/experiments/${id}/events/find`, { index: from, direction, ...Object.fromEntries(entries) });
        const index = isInside ? (await call(path, decodeEventIndex, { signal: own.signal })).index : undefined;
        setError(undefined);
        if (index === undefined) setFound(direction === "next" ? "No match further down" : "No match further up");
        else {
          setFound(`Match in row ${formatCount(index + 1)}`);
          table.current?.scrollToRow(index);
          // The row's page may have to come first; its time follows with it.
          setSelected(index);
          wantedTime.current = index;
        }
      } catch (cause) {
        if (!isAbort(cause)) setError(cause instanceof Error ? cause.message : String(cause));
      } finally {
        if (search.current === own) setSearching(false);
      }
    },
    [patterns, selected, eventCount, id],
  );

  /** A found row whose time is to be shared once it is loaded. */
  const wantedTime = useRef<number | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when pages arrive.
  useEffect(() => {
    const index = wantedTime.current;
    if (index === undefined || pages.current?.row(index) === undefined) return;
    wantedTime.current = undefined;
    select(index);
  }, [version, found, select]);

  const columns = useMemo((): readonly Column<EventRowWire>[] => {
    const filter = (column: EventColumn, title: string) => (
      <input
        className="field is-small"
        type="search"
        placeholder="regex"
        aria-label={`Search ${title} by regular expression`}
        value={patterns[column] ?? ""}
        onChange={(e) => setPatterns((old) => ({ ...old, [column]: e.target.value }))}
        onKeyDown={(e) => {
          if (e.key === "Enter") void find(e.shiftKey ? "previous" : "next");
        }}
      />
    );
    return [
      { id: "time", title: "Time", track: "164px", isMono: true, cell: (row) => formatTime(Number(row.time - origin), origin, timeMode) },
      {
        id: "delta",
        title: "Δ",
        track: "84px",
        align: "right",
        isMono: true,
        cell: (row, index) => {
          const before = index === 0 ? undefined : pages.current?.row(index - 1);
          return before === undefined ? "" : formatDuration(Number(row.time - before.time));
        },
      },
      { id: "node", title: "Node", track: "130px", cell: (row) => row.node, filter: filter("node", "Node") },
      {
        id: "thread",
        title: "Thread",
        track: "76px",
        align: "right",
        isMono: true,
        cell: (row) => String(row.thread),
        filter: filter("thread", "Thread"),
      },
      { id: "event", title: "Event", track: "minmax(150px, 240px)", cell: (row) => row.name, filter: filter("event", "Event") },
      {
        id: "fields",
        title: "Fields",
        track: "minmax(180px, 1fr)",
        isMono: true,
        whole: (row) => row.fields.map(([name, value]) => `${name}=${value}`).join("\n"),
        cell: (row) =>
          row.fields.map(([name, value]) => (
            <span key={name} className="field-pair">
              <span className="muted">{name}=</span>
              {value}
            </span>
          )),
        filter: filter("fields", "Fields"),
      },
    ];
  }, [patterns, find, origin, timeMode]);

  const hasPattern = Object.values(patterns).some((p) => p !== "");
  const show = useCallback((first: number, last: number) => pages.current?.show(first, last), []);
  const row = (index: number): EventRowWire | undefined => pages.current?.row(index);

  return (
    <div className="panel-column">
      <div className="toolbar">
        <span className="muted">{formatCount(eventCount)} events</span>
        <span className="spacer" />
        <span className={error === undefined ? "muted" : "error-text"} role="status">
          {error ?? (isSearching ? "Searching…" : found)}
        </span>
        <button
          type="button"
          className="icon-button"
          aria-label="Previous match"
          title="Previous match (Shift+Enter)"
          disabled={!hasPattern}
          onClick={() => void find("previous")}
        >
          <ArrowUp size={15} aria-hidden="true" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Next match"
          title="Next match (Enter)"
          disabled={!hasPattern}
          onClick={() => void find("next")}
        >
          <ArrowDown size={15} aria-hidden="true" />
        </button>
      </div>
      <VirtualTable
        label="Events"
        columns={columns}
        count={eventCount}
        row={row}
        selected={selected}
        onSelect={select}
        onVisible={show}
        handle={table}
        empty="This trace holds no events."
      />
    </div>
  );
}
