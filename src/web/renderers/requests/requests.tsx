/** The requests table: slowest first, filtered by an expression, each with its life as a small bar. */
import { useMemo, useRef, useState } from "react";
import { decodeRequestList, type ExperimentSummary, type RequestList, type RequestWire } from "../../../tsp/index.ts";
import { formatDuration, formatTime } from "../../format/time.ts";
import { formatBytes } from "../../format/units.ts";
import { call, query } from "../../state/client.ts";
import { focusRequest } from "../../state/focus.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import { FilterBar } from "../../widgets/filter-bar.tsx";
import { type Column, VirtualTable } from "../../widgets/virtual-table.tsx";
import { PhaseBar } from "./phase-bar.tsx";
import { summarize } from "./phases.ts";

type Sort = "duration" | "start" | "wait" | "execute";
const pageSize = 500;

export function RequestsPanel({ experiment }: { readonly experiment: ExperimentSummary }) {
  const { id, origin } = experiment;
  const timeMode = useStore((s) => s.timeMode);
  const shown = useStore((s) => s.request);
  const [sort, setSort] = useState<Sort>("duration");
  const [filter, setFilter] = useState("");
  const [isRangeOnly, setRangeOnly] = useState(false);
  // Renders with the range only while it matters.
  const range = useStore((s) => (isRangeOnly ? s.range : undefined));
  const [limit, setLimit] = useState(pageSize);
  const bounds = range !== undefined ? { from: origin + BigInt(Math.floor(range.start)), to: origin + BigInt(Math.ceil(range.end)) } : {};
  const path = query(`api/experiments/${id}/requests`, { sort, filter: filter.trim() === "" ? undefined : filter, limit, ...bounds });
  // Only the first answer can wait for the graph.
  const isFirst = useRef(true);
  const load = (signal: AbortSignal): Promise<RequestList> =>
    call(path, decodeRequestList, { signal, isPatient: isFirst.current }).finally(() => {
      isFirst.current = false;
    });
  const { data, error, isLoading } = useLatest(path, load, 150);
  const requests = data?.requests ?? [];

  const columns = useMemo((): readonly Column<RequestWire>[] => {
    const sortBy = (key: Sort) => ({
      direction: sort === key ? (key === "start" ? ("ascending" as const) : ("descending" as const)) : undefined,
      onSort: () => setSort(key),
    });
    return [
      { id: "id", title: "Id", track: "68px", align: "right", isMono: true, cell: (r) => `#${r.id}` },
      {
        id: "command",
        title: "Command",
        track: "minmax(84px, 130px)",
        cell: (r) => (
          <>
            <strong>{r.command}</strong>
            {r.failed ? <span className="badge is-bad">error</span> : null}
            {r.complete ? null : <span className="badge">cut</span>}
          </>
        ),
      },
      {
        id: "duration",
        title: "Duration",
        track: "98px",
        align: "right",
        isMono: true,
        sort: sortBy("duration"),
        cell: (r) => formatDuration(r.durationNs),
      },
      { id: "life", title: "Life", track: "minmax(70px, 1fr)", cell: (r) => <PhaseBar request={r} /> },
      {
        id: "wait",
        title: "Waiting",
        track: "84px",
        align: "right",
        isMono: true,
        sort: sortBy("wait"),
        cell: (r) => formatDuration(summarize(r).wait),
      },
      {
        id: "execute",
        title: "Executing",
        track: "88px",
        align: "right",
        isMono: true,
        sort: sortBy("execute"),
        cell: (r) => formatDuration(summarize(r).execute),
      },
      {
        id: "start",
        title: "Start",
        track: "164px",
        isMono: true,
        sort: sortBy("start"),
        cell: (r) => formatTime(Number(r.start - origin), origin, timeMode),
      },
      { id: "connection", title: "Connection", track: "minmax(124px, 190px)", cell: (r) => r.connectionLabel },
      { id: "in", title: "In", track: "60px", align: "right", isMono: true, cell: (r) => formatBytes(r.requestBytes) },
      { id: "out", title: "Out", track: "74px", align: "right", isMono: true, cell: (r) => formatBytes(r.replyBytes) },
    ];
  }, [sort, origin, timeMode]);

  const selected = requests.findIndex((r) => r.id === shown);
  const isFiltered = filter.trim() !== "" || isRangeOnly;
  return (
    <div className="panel-column">
      <FilterBar
        id="request"
        placeholder='Filter, e.g.  command == "publish" && duration > 2ms'
        filter={filter}
        onFilter={(text) => {
          setFilter(text);
          setLimit(pageSize);
        }}
        error={error}
        isRangeOnly={isRangeOnly}
        onRangeOnly={setRangeOnly}
        shown={requests.length}
        total={data?.total}
        isLoading={isLoading}
        onMore={() => setLimit((n) => n + 2_000)}
      />
      <VirtualTable
        label="Requests"
        columns={columns}
        count={requests.length}
        row={(index) => requests[index]}
        selected={selected < 0 ? undefined : selected}
        onSelect={(index) => {
          const request = requests[index];
          if (request !== undefined) focusRequest(request, false);
        }}
        onOpen={(index) => {
          const request = requests[index];
          if (request !== undefined) focusRequest(request, true);
        }}
        empty={data === undefined ? "" : isFiltered ? "No request passes the filter." : "This trace holds no requests."}
      />
    </div>
  );
}
