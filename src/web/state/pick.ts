/** Finding the request that a row served at a time, for clicks and keys. Latest wins. */
import { decodeRequestAt } from "../../tsp/index.ts";
import { call, isAbort, query } from "./client.ts";
import { useStore } from "./store.ts";

let underWay: AbortController | undefined;

/** Shows the request of `entry` at `time` in the detail panel, or none where there is none. */
export async function pickRequest(entry: number, time: number): Promise<void> {
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
