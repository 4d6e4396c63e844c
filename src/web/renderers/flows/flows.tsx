/** The flows table: what was done for each request over all processes, longest first, filtered by an expression. */
import { useMemo, useState } from "react";
import { decodeFlowList, type ExperimentSummary, type SpanWire } from "../../../tsp/index.ts";
import { formatDuration, formatTime } from "../../format/time.ts";
import { call, query } from "../../state/client.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import { FilterBar } from "../../widgets/filter-bar.tsx";
import { type Column, VirtualTable } from "../../widgets/virtual-table.tsx";
import { showSpan, spanRemarks } from "./spans.ts";

type Sort = "duration" | "start";
const pageSize = 500;

export function FlowsPanel({ experiment }: { readonly experiment: ExperimentSummary }) {
  const { id, origin } = experiment;
  const timeMode = useStore((s) => s.timeMode);
  const shown = useStore((s) => s.flow?.id);
  const [sort, setSort] = useState<Sort>("duration");
  const [filter, setFilter] = useState("");
  const [isRangeOnly, setRangeOnly] = useState(false);
  const range = useStore((s) => (isRangeOnly ? s.range : undefined));
  const [limit, setLimit] = useState(pageSize);
  const bounds = range !== undefined ? { from: origin + BigInt(Math.floor(range.start)), to: origin + BigInt(Math.ceil(range.end)) } : {};
  const path = query(`api/experiments/${id}/flows`, { sort, filter: filter.trim() === "" ? undefined : filter, limit, ...bounds });
  const { data, error, isLoading } = useLatest(path, (signal) => call(path, decodeFlowList, { signal }), 150);
  const flows = data?.flows ?? [];

  const columns = useMemo((): readonly Column<SpanWire>[] => {
    const sortBy = (key: Sort) => ({
      direction: sort === key ? (key === "start" ? ("ascending" as const) : ("descending" as const)) : undefined,
      onSort: () => setSort(key),
    });
    return [
      { id: "id", title: "Flow", track: "68px", align: "right", isMono: true, cell: (s) => `#${s.id}` },
      { id: "name", title: "Request", track: "minmax(140px, 2fr)", cell: (s) => <strong>{s.name}</strong>, whole: (s) => s.name },
      { id: "process", title: "Served by", track: "minmax(100px, 1fr)", cell: (s) => s.process, whole: (s) => s.process },
      {
        id: "duration",
        title: "Duration",
        track: "98px",
        align: "right",
        isMono: true,
        sort: sortBy("duration"),
        cell: (s) => formatDuration(s.durationNs),
      },
      {
        id: "start",
        title: "Start",
        track: "164px",
        isMono: true,
        sort: sortBy("start"),
        cell: (s) => formatTime(Number(s.start - origin), origin, timeMode),
      },
      { id: "remarks", title: "", track: "minmax(80px, 1fr)", cell: (s) => spanRemarks(s), whole: (s) => spanRemarks(s) },
    ];
  }, [sort, origin, timeMode]);

  const selected = flows.findIndex((s) => s.id === shown);
  const isFiltered = filter.trim() !== "" || isRangeOnly;
  const open = (index: number): void => {
    const root = flows[index];
    if (root === undefined) return;
    showSpan(root, origin, true);
    useStore.getState().showFlow({ id: root.id, span: undefined });
  };
  return (
    <div className="panel-column">
      <FilterBar
        id="flow"
        placeholder='Filter, e.g.  process == "gateway" && duration > 20ms'
        filter={filter}
        onFilter={(text) => {
          setFilter(text);
          setLimit(pageSize);
        }}
        error={error}
        isRangeOnly={isRangeOnly}
        onRangeOnly={setRangeOnly}
        shown={flows.length}
        total={data?.total}
        isLoading={isLoading}
        onMore={() => setLimit((n) => n + 2_000)}
      />
      <VirtualTable
        label="Flows"
        columns={columns}
        count={flows.length}
        row={(index) => flows[index]}
        selected={selected < 0 ? undefined : selected}
        onSelect={(index) => {
          const root = flows[index];
          if (root !== undefined) useStore.getState().select({ time: Number(root.start - origin), end: Number(root.end - origin) });
        }}
        onOpen={open}
        empty={data === undefined ? "" : isFiltered ? "No flow passes the filter." : "No traced process served a request."}
      />
    </div>
  );
}
