/** Moving the shared view to a request. */
import type { RequestWire } from "../../tsp/index.ts";
import { rowKey, useStore } from "./store.ts";

/** Selects a request's row and time and shows it in the detail panel. `isZoom`: its whole life fills the view; otherwise the view moves only if it must. */
export function focusRequest(request: RequestWire, isZoom: boolean): void {
  const store = useStore.getState();
  if (store.experiment === undefined) return;
  const start = Number(request.start - store.experiment.origin);
  const end = Number(request.end - store.experiment.origin);
  const entry = store.connectionRows.get(rowKey(request.node, request.connection));
  store.select({ time: start, end, entry: entry ?? store.selection?.entry });
  store.showRequest(request.id);
  const { range } = store;
  const margin = Math.max(50, (end - start) * 0.15);
  const half = (range.end - range.start) / 2;
  if (isZoom || (end - start > 2 * half && (end < range.start || start > range.end)))
    store.setRange({ start: start - margin, end: end + margin });
  else if (start < range.start || end > range.end) store.setRange({ start: (start + end) / 2 - half, end: (start + end) / 2 + half });
}
