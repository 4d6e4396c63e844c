/** Moving the shared view to a thing. */
import type { RequestWire } from "../../tsp/index.ts";
import { useStore } from "./store.ts";

/** Zooms to a request's whole life, selects its start and shows it in the detail panel. */
export function showWholeRequest(request: RequestWire): void {
  const store = useStore.getState();
  if (store.experiment === undefined) return;
  const start = Number(request.start - store.experiment.origin);
  const end = Number(request.end - store.experiment.origin);
  const margin = Math.max(50, (end - start) * 0.15);
  store.setRange({ start: start - margin, end: end + margin });
  store.select({ time: start, end, entry: store.selection?.entry });
  store.showRequest(request.id);
}
