/**
 * The data of the view that shows first, asked for before there is anything to draw it on: the server works while the panels are laid out, and the view takes
 * over what is under way. How large it will be is guessed; what a wrong guess leaves out is asked for when it is missed.
 */
import { useStore } from "../../state/store.ts";
import { rowHeight } from "./painter.ts";
import { visibleRows } from "./rows.ts";
import { type LoadedTree, loadTree } from "./tree.ts";
import { createWindowLoader, type WindowLoader } from "./window-loader.ts";

/** Rows above and below the visible ones whose states are loaded too. */
export const overscan = 12;
/** Width of the tree of rows at first, px. */
export const treeWidth = 256;

interface FirstView {
  readonly key: string;
  tree: Promise<LoadedTree> | undefined;
  loader: WindowLoader | undefined;
}

let first: FirstView | undefined;

const keyOf = (experimentId: string, viewId: string): string => `${experimentId}/${viewId}`;

export function viewLoader(experimentId: string, viewId: string, origin: bigint): WindowLoader {
  return createWindowLoader({ path: `api/experiments/${experimentId}/views/${encodeURIComponent(viewId)}/window`, origin });
}

/** Asks for the rows, and for what is visible of them in a panel of this size, px, at the store's range. Resolves when all is asked for, or nothing more will be. */
export function askEarly(
  experimentId: string,
  viewId: string,
  origin: bigint,
  panel: { readonly width: number; readonly height: number },
): Promise<void> {
  first?.loader?.close();
  const loader = viewLoader(experimentId, viewId, origin);
  const tree = loadTree(experimentId, viewId, origin).then((loaded) => {
    const last = Math.ceil(panel.height / rowHeight) + overscan;
    const rows = visibleRows(loaded.entries, loaded.folded, "").rows.slice(0, last);
    const { range, full } = useStore.getState();
    const columns = Math.max(1, Math.ceil(panel.width - treeWidth));
    loader.want({ range, columns, entries: rows.flatMap((row) => (row.hasData ? [row.id] : [])) }, full);
    return loaded;
  });
  first = { key: keyOf(experimentId, viewId), tree, loader };
  // A failure is told where the tree is shown.
  return tree.then(
    () => undefined,
    () => undefined,
  );
}

/** The rows that were asked for early, once: whoever comes again wants them as they are then. */
export function takeTree(experimentId: string, viewId: string): Promise<LoadedTree> | undefined {
  if (first?.key !== keyOf(experimentId, viewId)) return undefined;
  const { tree } = first;
  first.tree = undefined;
  return tree;
}

/** The same for the states. */
export function takeLoader(experimentId: string, viewId: string): WindowLoader | undefined {
  if (first?.key !== keyOf(experimentId, viewId)) return undefined;
  const { loader } = first;
  first.loader = undefined;
  return loader;
}
