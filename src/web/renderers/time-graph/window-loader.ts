/**
 * Keeps the states that the time graph needs: asks for the visible rows and range with a margin, one request at a time.
 *
 * While a request is under way the newest need waits and is asked next, so a long zoom neither floods the server nor starves; a request whose range no
 * longer overlaps what is visible is given up at once. What was loaded stays drawn until something better has come.
 */
import { decodeWindow } from "../../../tsp/index.ts";
import { call, isAbort } from "../../state/client.ts";
import type { Range } from "../../state/store.ts";
import { type LoadedWindow, unpackWindow } from "./states.ts";

export interface Need {
  readonly range: Range;
  /** Columns of the visible range. */
  readonly columns: number;
  readonly entries: readonly number[];
}

/** What to ask for so that `need` is met: half a range more on both sides, where there is anything. */
export function askFor(need: Need, full: Range): Range & { readonly columns: number } {
  const span = need.range.end - need.range.start;
  const start = Math.max(full.start, Math.floor(need.range.start - span / 2));
  const end = Math.min(Math.ceil(full.end) + 1, Math.ceil(need.range.end + span / 2));
  return { start, end, columns: Math.min(16_384, Math.max(1, Math.ceil(((end - start) / span) * need.columns))) };
}

/** Whether drawing `need` from `loaded` leaves nothing out. */
export function isMet(need: Need, loaded: LoadedWindow | undefined): boolean {
  if (loaded === undefined || loaded.start > need.range.start || loaded.end < need.range.end) return false;
  const isFine = loaded.isExact || loaded.nsPerColumn <= ((need.range.end - need.range.start) / need.columns) * 1.05;
  return isFine && need.entries.every((id) => loaded.rows.has(id));
}

export interface WindowLoader {
  readonly loaded: LoadedWindow | undefined;
  want(need: Need, full: Range): void;
  close(): void;
}

export interface LoaderOptions {
  readonly path: string;
  readonly origin: bigint;
  /** Something changed: new data, or the loading state, or an error. */
  readonly onChange: (state: { readonly isLoading: boolean; readonly error: string | undefined }) => void;
}

export function createWindowLoader(options: LoaderOptions): WindowLoader {
  let loaded: LoadedWindow | undefined;
  let wanted: { need: Need; full: Range } | undefined;
  let flight: { abort: AbortController; range: Range } | undefined;
  let failed: Need | undefined;
  let isClosed = false;

  async function next(): Promise<void> {
    if (wanted === undefined || isClosed || isMet(wanted.need, loaded) || wanted.need === failed) return;
    const { need, full } = wanted;
    const ask = askFor(need, full);
    const own = { abort: new AbortController(), range: ask };
    flight = own;
    options.onChange({ isLoading: true, error: undefined });
    try {
      const body = {
        from: options.origin + BigInt(ask.start),
        to: options.origin + BigInt(ask.end),
        columns: ask.columns,
        entries: need.entries,
      };
      const window = await call(options.path, decodeWindow, { body, signal: own.abort.signal });
      loaded = unpackWindow(window, ask.start, ask.end, ask.columns, need.entries);
      failed = undefined;
      if (!isClosed) options.onChange({ isLoading: false, error: undefined });
    } catch (error) {
      if (!isAbort(error) && !isClosed) {
        // Not asked again until something else is needed.
        failed = need;
        options.onChange({ isLoading: false, error: error instanceof Error ? error.message : String(error) });
      }
    } finally {
      if (flight === own) {
        flight = undefined;
        void next();
      }
    }
  }

  return {
    get loaded() {
      return loaded;
    },
    want: (need, full) => {
      wanted = { need, full };
      if (flight === undefined) void next();
      else if (flight.range.end <= need.range.start || flight.range.start >= need.range.end) {
        flight.abort.abort();
        flight = undefined;
        void next();
      }
    },
    close: () => {
      isClosed = true;
      flight?.abort.abort();
    },
  };
}
