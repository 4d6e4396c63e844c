/** Statistics per command: calls, bytes and the distribution of durations, over the whole trace or the visible range. */
import { useMemo, useState } from "react";
import { type CommandStatsWire, decodeStats, type ExperimentSummary } from "../../../tsp/index.ts";
import { formatDuration } from "../../format/time.ts";
import { formatBytes, formatCount } from "../../format/units.ts";
import { call, query } from "../../state/client.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import { Message } from "../../widgets/message.tsx";

type Row = CommandStatsWire & { readonly node: string };
interface StatColumn {
  readonly title: string;
  readonly value: (row: Row, part: string) => number | string;
  readonly show: (row: Row, part: string) => string;
}

function durationOf(row: Row, part: string) {
  return part === "whole" ? row.whole : (row.phases[part] ?? { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 });
}

const columns: readonly StatColumn[] = [
  { title: "Node", value: (r) => r.node, show: (r) => r.node },
  { title: "Command", value: (r) => r.command, show: (r) => r.command },
  { title: "Calls", value: (r) => r.calls, show: (r) => formatCount(r.calls) },
  { title: "Failed", value: (r) => r.failed, show: (r) => formatCount(r.failed) },
  { title: "Bytes in", value: (r) => r.requestBytes, show: (r) => formatBytes(r.requestBytes) },
  { title: "Bytes out", value: (r) => r.replyBytes, show: (r) => formatBytes(r.replyBytes) },
  { title: "Mean", value: (r, p) => durationOf(r, p).mean, show: (r, p) => formatDuration(Math.round(durationOf(r, p).mean)) },
  { title: "p50", value: (r, p) => durationOf(r, p).p50, show: (r, p) => formatDuration(durationOf(r, p).p50) },
  { title: "p95", value: (r, p) => durationOf(r, p).p95, show: (r, p) => formatDuration(durationOf(r, p).p95) },
  { title: "p99", value: (r, p) => durationOf(r, p).p99, show: (r, p) => formatDuration(durationOf(r, p).p99) },
  { title: "Max", value: (r, p) => durationOf(r, p).max, show: (r, p) => formatDuration(durationOf(r, p).max) },
];

const parts: readonly (readonly [string, string])[] = [
  ["whole", "whole request"],
  ["queued-for-read", "queued for read"],
  ["read", "read"],
  ["queued-behind", "queued behind others"],
  ["parse", "parse"],
  ["queued-for-execution", "queued for execution"],
  ["execute", "execute"],
  ["queued-for-write", "queued for write"],
  ["write", "write"],
];

export function StatisticsPanel({ experiment }: { readonly experiment: ExperimentSummary }) {
  const [isRangeOnly, setRangeOnly] = useState(false);
  // Renders with the range only while it matters.
  const range = useStore((s) => (isRangeOnly ? s.range : undefined));
  const [part, setPart] = useState("whole");
  const [sort, setSort] = useState<{ readonly title: string; readonly isDescending: boolean }>({ title: "Calls", isDescending: true });
  const { origin } = experiment;
  const bounds = range !== undefined ? { from: origin + BigInt(Math.floor(range.start)), to: origin + BigInt(Math.ceil(range.end)) } : {};
  const path = query(`api/experiments/${experiment.id}/stats`, bounds);
  const { data, error, isLoading } = useLatest(path, (signal) => call(path, decodeStats, { signal }), isRangeOnly ? 250 : 0);

  const rows = useMemo((): readonly Row[] => {
    const all = (data?.nodes ?? []).flatMap((n) => n.commands.map((c) => ({ ...c, node: n.node })));
    const column = columns.find((c) => c.title === sort.title);
    if (column === undefined) return all;
    const sign = sort.isDescending ? -1 : 1;
    return all.sort((a, b) => {
      const [x, y] = [column.value(a, part), column.value(b, part)];
      return typeof x === "string" ? sign * x.localeCompare(String(y)) : sign * (x - Number(y));
    });
  }, [data, sort, part]);

  if (error !== undefined && data === undefined) return <Message title="Statistics cannot be shown" text={error} />;
  const total = rows.reduce((sum, r) => sum + r.calls, 0);
  return (
    <div className="panel-column">
      <div className="toolbar">
        <label className="check">
          Durations of{" "}
          <select className="field" value={part} onChange={(e) => setPart(e.target.value)}>
            {parts.map(([key, text]) => (
              <option key={key} value={key}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <label className="check">
          <input type="checkbox" checked={isRangeOnly} onChange={(e) => setRangeOnly(e.target.checked)} /> visible range only
        </label>
        <span className="spacer" />
        <span className={error === undefined ? "muted" : "error-text"} role="status">
          {error ?? (isLoading ? "Loading…" : `${formatCount(total)} requests`)}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard. */}
      <section className="stats-scroll" tabIndex={0} aria-label="Statistics per command">
        <table className="stats">
          <thead>
            <tr>
              {columns.map((column, i) => (
                <th
                  key={column.title}
                  scope="col"
                  className={i < 2 ? "" : "is-right"}
                  aria-sort={sort.title === column.title ? (sort.isDescending ? "descending" : "ascending") : "none"}
                >
                  <button
                    type="button"
                    className="vt-sort"
                    onClick={() =>
                      setSort((old) => ({ title: column.title, isDescending: old.title === column.title ? !old.isDescending : i >= 2 }))
                    }
                  >
                    {column.title}
                    <span aria-hidden="true">{sort.title === column.title ? (sort.isDescending ? " ↓" : " ↑") : ""}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.node} ${row.command}`}>
                {columns.map((column, i) => (
                  <td key={column.title} className={i < 2 ? (i === 1 ? "is-strong" : "") : "is-right is-mono"}>
                    {column.show(row, part)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && data !== undefined ? (
          <div className="vt-empty">{isRangeOnly ? "No requests in the visible range." : "This trace holds no requests."}</div>
        ) : null}
      </section>
    </div>
  );
}
