/** Finding the request that a row served at a time, for clicks and keys. Latest wins. */
import { decodeFlowAt, decodeRequestAt } from "../../tsp/index.ts";
import { call, isAbort, query } from "./client.ts";
import { useStore } from "./store.ts";

let underWay: AbortController | undefined;

/** Shows what row `entry` of a view was busy with at `time`: a flow, or a request of the store. */
export function pick(view: string, entry: number, time: number): Promise<void> {
  return view === "spans" ? pickFlow(entry, time) : pickRequest(entry, time);
}

/** Shows the flow whose span the row shows; the rows of the stores' threads have requests instead. */
async function pickFlow(entry: number, time: number): Promise<void> {
  const { experiment, showFlow } = useStore.getState();
  if (experiment === undefined) return;
  underWay?.abort();
  const own = new AbortController();
  underWay = own;
  try {
    const path = query(`api/experiments/${experiment.id}/flow-at`, { entry, time: experiment.origin + BigInt(Math.floor(time)) });
    const { flow, span } = await call(path, decodeFlowAt, { signal: own.signal });
    if (flow !== undefined) showFlow({ id: flow, span });
    else await pickRequest(entry, time);
  } catch (error) {
    if (!isAbort(error)) showFlow(undefined);
  }
}

/** Shows the request of `entry` at `time` in the detail panel, or none where there is none. */
async function pickRequest(entry: number, time: number): Promise<void> {
  const { experiment, showRequest } = useStore.getState();
  if (experiment === undefined) return;
  underWay?.abort();
  const own = new AbortController();
  underWay = own;
  try {
    const path = query(`api/experiments/${experiment.id}/request-at`, { entry, time: experiment.origin + BigInt(Math.floor(time)) });
    const { request } = await call(path, decodeRequestAt, { signal: own.signal });
    showRequest(request?.id);
  } catch (error) {
    // The click keeps its selection; the detail panel says what is wrong with the server when it asks for itself.
    if (!isAbort(error)) showRequest(undefined);
  }
}
