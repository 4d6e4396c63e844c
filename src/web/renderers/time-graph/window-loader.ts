/**
 * Keeps the states that the time graph needs: asks for the visible rows and range with a margin, one request at a time.
 *
 * While a request is under way the newest need waits and is asked next, so a long zoom neither floods the server nor starves; a request whose range no
 * longer overlaps what is visible is given up at once. What was loaded stays drawn until something better has come. The very first request is for fewer columns, which
 * cost the server that much less, and leaves out the arrows, which need other parts of the history: states are worth seeing before.
 */
import { decodeWindow } from "../../../tsp/index.ts";
import { call, isAbort } from "../../state/client.ts";
import type { Range } from "../../state/store.ts";
import { type LoadedWindow, unpackWindow, withArrowsOf } from "./states.ts";

export interface Need {
  readonly range: Range;
  /** Columns of the visible range. */
  readonly columns: number;
  readonly entries: readonly number[];
}

/** A range, and into how many columns it is divided. */
export type Ask = Range & { readonly columns: number };

/** What to ask for so that `need` is met: half a range more on both sides, where there is anything. */
export function askFor(need: Need, full: Range): Ask {
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
  /** Whom to tell from now on. Tells how it stands at once. */
  follow(onChange: (state: LoadingState) => void): void;
  close(): void;
}

/** What is under way, and what went wrong. */
export interface LoadingState {
  readonly isLoading: boolean;
  readonly error: string | undefined;
}

export interface LoaderOptions {
  readonly path: string;
  readonly origin: bigint;
}

/** A question to the server, for whose sake, and over which range. */
interface Task {
  readonly need: Need;
  readonly range: Range;
  load(signal: AbortSignal): Promise<void>;
}

/** The first columns are as wide as this many of those that are needed. */
const firstColumns = 4;

export function createWindowLoader(options: LoaderOptions): WindowLoader {
  let loaded: LoadedWindow | undefined;
  let wanted: { need: Need; full: Range } | undefined;
  let flight: { abort: AbortController; range: Range } | undefined;
  let failed: Need | undefined;
  let hasArrows = false;
  let isClosed = false;
  let state: LoadingState = { isLoading: true, error: undefined };
  let tell: ((state: LoadingState) => void) | undefined;

  function become(next: LoadingState): void {
    state = next;
    if (!isClosed) tell?.(state);
  }

  async function ask(
    { start, end, columns }: Ask,
    entries: readonly number[],
    arrows: boolean,
    signal: AbortSignal,
  ): Promise<LoadedWindow> {
    const body = { from: options.origin + BigInt(start), to: options.origin + BigInt(end), columns, entries, arrows };
    return unpackWindow(await call(options.path, decodeWindow, { body, signal }), start, end, columns, entries);
  }

  /** What is missing; undefined when nothing is. */
  function missing(): Task | undefined {
    if (isClosed || wanted === undefined || wanted.need === failed) return undefined;
    const { need, full } = wanted;
    const range = askFor(need, full);
    const before = loaded;
    if (!isMet(need, before)) {
      const columns = before === undefined ? Math.ceil(range.columns / firstColumns) : range.columns;
      const load = async (signal: AbortSignal): Promise<void> => {
        loaded = await ask({ ...range, columns }, need.entries, hasArrows, signal);
      };
      return { need, range, load };
    }
    if (before === undefined || hasArrows) return undefined;
    const load = async (signal: AbortSignal): Promise<void> => {
      loaded = withArrowsOf(before, await ask({ ...before, columns: range.columns }, [], true, signal));
      hasArrows = true;
    };
    return { need, range, load };
  }

  async function next(): Promise<void> {
    const task = missing();
    if (task === undefined) return;
    const own = { abort: new AbortController(), range: task.range };
    flight = own;
    become({ isLoading: true, error: undefined });
    try {
      await task.load(own.abort.signal);
      failed = undefined;
      become({ isLoading: false, error: undefined });
    } catch (error) {
      if (!isAbort(error)) {
        // Not asked again until something else is needed.
        failed = task.need;
        become({ isLoading: false, error: error instanceof Error ? error.message : String(error) });
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
    follow: (onChange) => {
      tell = onChange;
      onChange(state);
    },
    close: () => {
      isClosed = true;
      flight?.abort.abort();
    },
  };
}
