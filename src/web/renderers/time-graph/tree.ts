/** The rows of a view and how their states look, as the server has them. */
import { decodeStyles, decodeTimeGraphTree } from "../../../tsp/index.ts";
import { call } from "../../state/client.ts";
import { rowKey } from "../../state/store.ts";
import type { StyleInfo } from "./painter.ts";
import { foldedBelow, type TreeEntry } from "./rows.ts";

export interface LoadedTree {
  readonly entries: readonly TreeEntry[];
  readonly styles: Readonly<Record<string, StyleInfo>>;
  /** Rows that start out folded. */
  readonly folded: ReadonlySet<number>;
  /** Rows show their state at the selected time. */
  readonly hasValues: boolean;
  /** Rows of connections, by `rowKey`; only in the view whose rows they are. */
  readonly connectionRows: ReadonlyMap<string, number>;
}

export async function loadTree(experimentId: string, viewId: string, origin: bigint, signal?: AbortSignal): Promise<LoadedTree> {
  const base = `tsp/api/experiments/${experimentId}/outputs`;
  const options = { body: { parameters: {} }, signal };
  const [tree, styles] = await Promise.all([
    call(`${base}/timeGraph/${encodeURIComponent(viewId)}/tree`, decodeTimeGraphTree, options),
    call(`${base}/${encodeURIComponent(viewId)}/style`, decodeStyles, options),
  ]);
  const entries: TreeEntry[] = (tree.model?.entries ?? []).map((e) => ({
    id: e.id,
    parent: e.parentId ?? -1,
    label: e.labels[0] ?? "",
    detail: e.labels.slice(1).join(" "),
    hasData: e.hasData ?? false,
    start: Number(e.start - origin),
    end: Number(e.end - origin),
  }));
  const styleMap: Record<string, StyleInfo> = {};
  for (const [key, style] of Object.entries(styles.model?.styles ?? {})) {
    styleMap[key] = { text: String(style.values["style-name"] ?? key), color: String(style.values["background-color"] ?? "") };
  }
  const parents = new Map(entries.map((e) => [e.id, e]));
  const nodeOf = (entry: TreeEntry): string => {
    const parent = parents.get(entry.parent);
    return parent === undefined ? entry.label : nodeOf(parent);
  };
  const connectionRows = new Map<string, number>();
  for (const [i, e] of (tree.model?.entries ?? []).entries()) {
    const entry = entries[i];
    for (const id of e.metadata?.["conn_id"] ?? []) if (entry !== undefined) connectionRows.set(rowKey(nodeOf(entry), Number(id)), e.id);
  }
  const hasValues = tree.model?.headers.at(-1)?.name === "Value";
  return { entries, styles: styleMap, folded: foldedBelow(entries, tree.model?.autoExpandLevel), hasValues, connectionRows };
}
