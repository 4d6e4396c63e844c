/** Views that are trees of numbers, for the visible range: a table, and for the service map a picture above it. */
import { useMemo, useState } from "react";
import { decodeDataTree, type ExperimentSummary } from "../../../tsp/index.ts";
import { formatDuration } from "../../format/time.ts";
import { formatBytes, formatCount } from "../../format/units.ts";
import { call } from "../../state/client.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import type { ViewSummary } from "../../state/views.ts";
import { Message } from "../../widgets/message.tsx";
import { type Column, VirtualTable } from "../../widgets/virtual-table.tsx";
import { ServiceMap } from "./service-map.tsx";

interface Row {
  readonly id: number;
  readonly depth: number;
  readonly hasChildren: boolean;
  readonly labels: readonly string[];
}

/** While the range is being moved, nothing is asked for. */
const restMs = 200;

export function DataTree({ experiment, view }: { readonly experiment: ExperimentSummary; readonly view: ViewSummary }) {
  const { id, origin } = experiment;
  const range = useStore((s) => s.range);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const requested = { start: origin + BigInt(Math.floor(range.start)), end: origin + BigInt(Math.ceil(range.end)), nbTimes: 2 };
  const path = `tsp/api/experiments/${id}/outputs/data/${encodeURIComponent(view.outputId)}/tree`;
  const { data, error } = useLatest(
    `${path} ${requested.start} ${requested.end}`,
    (signal) => call(path, decodeDataTree, { body: { parameters: { requested_timerange: requested } }, signal }),
    restMs,
  );
  const model = data?.model;
  const rows = useMemo((): readonly Row[] => {
    const parents = new Set(model?.entries.map(({ parentId }) => parentId));
    const depths = new Map<number, number>();
    const hidden = new Set<number>();
    return (model?.entries ?? []).flatMap(({ id: row, parentId, labels }): readonly Row[] => {
      const depth = parentId === undefined || parentId < 0 ? 0 : (depths.get(parentId) ?? 0) + 1;
      depths.set(row, depth);
      if (parentId !== undefined && (hidden.has(parentId) || folded.has(parentId))) {
        hidden.add(row);
        return [];
      }
      return [{ id: row, depth, hasChildren: parents.has(row), labels }];
    });
  }, [model, folded]);
  const columns = useMemo(
    (): readonly Column<Row>[] =>
      (model?.headers ?? []).map(({ name, dataType }, i) => ({
        id: name,
        title: name,
        track: i === 0 ? "minmax(180px, 2fr)" : "minmax(70px, 1fr)",
        ...(i === 0 ? {} : { align: "right" as const, isMono: true }),
        cell: ({ depth, hasChildren, labels, id: row }) =>
          i === 0 ? (
            <span style={{ paddingLeft: `${depth * 16}px` }}>
              {hasChildren ? (folded.has(row) ? "▸ " : "▾ ") : ""}
              {hasChildren && depth === 0 ? <strong>{labels[0]}</strong> : labels[0]}
            </span>
          ) : (
            cellText(labels[i] ?? "", dataType)
          ),
        whole: ({ labels }) => labels[i] ?? "",
      })),
    [model, folded],
  );
  if (error !== undefined) return <Message title={view.title} text={error} />;
  if (model === undefined) return <Message title={view.title} text="Loading…" />;
  const toggle = (index: number): void => {
    const row = rows[index];
    if (row?.hasChildren !== true) return;
    setFolded((old) => {
      const next = new Set(old);
      if (!next.delete(row.id)) next.add(row.id);
      return next;
    });
  };
  return (
    <div className="panel-column">
      {view.id === "service-map" ? <ServiceMap entries={model.entries} /> : null}
      <VirtualTable
        label={view.title}
        columns={columns}
        count={rows.length}
        row={(index) => rows[index]}
        selected={undefined}
        onSelect={toggle}
        onOpen={() => undefined}
        empty="Nothing in the visible range."
      />
    </div>
  );
}

function cellText(text: string, type: string): string {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) return text;
  if (type === "DURATION") return formatDuration(value);
  if (type === "BINARY_NUMBER") return formatBytes(value);
  return type === "NUMBER" ? formatCount(value) : text;
}
