/**
 * One flow as a waterfall: its spans as a tree over all processes, each with its place in the whole. Strong where the flow's root waited for the span's own
 * work (the critical path), pale where it went on beside something else.
 */
import { Crosshair } from "lucide-react";
import { useMemo } from "react";
import { decodeFlow, type ExperimentSummary, type FlowWire, type SpanWire } from "../../../tsp/index.ts";
import { formatDuration } from "../../format/time.ts";
import { call } from "../../state/client.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import { Message } from "../../widgets/message.tsx";
import { type Column, VirtualTable } from "../../widgets/virtual-table.tsx";
import { showSpan, spanRemarks } from "./spans.ts";

/** A piece of the bar, in percent of the flow. */
interface Piece {
  readonly left: number;
  readonly width: number;
}

interface Line {
  readonly span: SpanWire;
  readonly bar: Piece;
  readonly path: readonly Piece[];
  /** Time that the root waited for the span's own work, ns. */
  readonly waitedFor: number;
}

function lines({ root, spans, path }: FlowWire): readonly Line[] {
  const whole = Math.max(1, Number(root.end - root.start));
  const piece = (start: bigint, end: bigint): Piece => {
    const left = Math.max(0, Number(start - root.start) / whole);
    return { left: left * 100, width: Math.max(0, Math.min(1, Number(end - root.start) / whole) - left) * 100 };
  };
  const parts = new Map<number, { readonly pieces: Piece[]; ns: number }>();
  for (const { span, start, end } of path) {
    const own = parts.get(span) ?? { pieces: [], ns: 0 };
    own.pieces.push(piece(start, end));
    own.ns += Number(end - start);
    parts.set(span, own);
  }
  return spans.map((span) => {
    const own = parts.get(span.id);
    return { span, bar: piece(span.start, span.end), path: own?.pieces ?? [], waitedFor: own?.ns ?? 0 };
  });
}

export function Waterfall({ experiment }: { readonly experiment: ExperimentSummary }) {
  const flow = useStore((s) => s.flow);
  const path = flow === undefined ? undefined : `api/experiments/${experiment.id}/flows/${flow.id}`;
  const { data, error } = useLatest(path, (signal) => call(path ?? "", decodeFlow, { signal }));
  if (flow === undefined)
    return (
      <Message
        title="No flow selected"
        text="Open a row of the Flows table, or click a span in the Spans view, to see all that was done for one request."
      />
    );
  if (error !== undefined) return <Message title={`Flow #${flow.id} cannot be shown`} text={error} />;
  if (data === undefined) return <Message title={`Loading flow #${flow.id}…`} text="" />;
  return <Tree experiment={experiment} flow={data} span={flow.span} />;
}

interface TreeProps {
  readonly experiment: ExperimentSummary;
  readonly flow: FlowWire;
  readonly span: number | undefined;
}

function Tree({ experiment, flow, span }: TreeProps) {
  const { origin } = experiment;
  const rows = useMemo(() => lines(flow), [flow]);
  const columns = useMemo(
    (): readonly Column<Line>[] => [
      {
        id: "name",
        title: "Span",
        track: "minmax(170px, 2fr)",
        cell: ({ span: s }) => (
          <span style={{ paddingLeft: `${s.depth * 14}px` }}>{s.depth === 0 ? <strong>{s.name}</strong> : s.name}</span>
        ),
        whole: ({ span: s }) => s.name,
      },
      {
        id: "process",
        title: "Process",
        track: "minmax(90px, 130px)",
        cell: ({ span: s }) => s.process,
        whole: ({ span: s }) => s.process,
      },
      {
        id: "bar",
        title: "Strong: what the request waited for",
        track: "minmax(160px, 4fr)",
        cell: ({ span: s, bar, path }) => (
          <span className={`flow-bar is-${s.kind}`} aria-hidden="true">
            <span style={{ left: `${bar.left}%`, width: `${bar.width}%` }} />
            {path.map((piece) => (
              <span key={piece.left} className="is-path" style={{ left: `${piece.left}%`, width: `${piece.width}%` }} />
            ))}
          </span>
        ),
      },
      {
        id: "duration",
        title: "Duration",
        track: "86px",
        align: "right",
        isMono: true,
        cell: ({ span: s }) => formatDuration(s.durationNs),
      },
      {
        id: "waited",
        title: "Waited for",
        track: "86px",
        align: "right",
        isMono: true,
        cell: ({ waitedFor }) => (waitedFor > 0 ? formatDuration(waitedFor) : ""),
      },
      {
        id: "remarks",
        title: "",
        track: "minmax(80px, 1fr)",
        cell: ({ span: s }) => `${s.request === undefined ? "" : `request #${s.request} `}${spanRemarks(s)}`,
        whole: ({ span: s }) => spanRemarks(s),
      },
    ],
    [],
  );
  const selected = rows.findIndex((row) => row.span.id === span);
  const pick = (index: number, isZoom: boolean): void => {
    const row = rows[index];
    if (row === undefined) return;
    useStore.getState().showFlow({ id: flow.root.id, span: row.span.id });
    showSpan(row.span, origin, isZoom);
  };
  return (
    <div className="panel-column">
      <div className="toolbar">
        <strong>{flow.root.name}</strong>
        <span className="muted">#{flow.root.id}</span>
        <span className="is-mono">{formatDuration(flow.root.durationNs)}</span>
        <span className="spacer" />
        <button type="button" className="button" onClick={() => showSpan(flow.root, origin, true)}>
          <Crosshair size={14} aria-hidden="true" /> Zoom to flow
        </button>
      </div>
      <VirtualTable
        label={`Spans of flow ${flow.root.id}`}
        columns={columns}
        count={rows.length}
        row={(index) => rows[index]}
        selected={selected < 0 ? undefined : selected}
        onSelect={(index) => pick(index, false)}
        onOpen={(index) => pick(index, true)}
        empty=""
      />
    </div>
  );
}
