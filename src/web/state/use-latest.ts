/**
 * Loads data for a key, latest wins: a new key gives up the request that is under way, and the old data stays visible until the new has come.
 */
import { useEffect, useRef, useState } from "react";
import { isAbort } from "./client.ts";

export interface Latest<T> {
  readonly data: T | undefined;
  /** In words for the user; undefined while all is well. */
  readonly error: string | undefined;
  readonly isLoading: boolean;
}

/** `key` undefined: nothing to load, and nothing is shown. `delayMs` waits for the key to settle. */
export function useLatest<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>, delayMs = 0): Latest<T> {
  const [state, setState] = useState<Latest<T>>({ data: undefined, error: undefined, isLoading: key !== undefined });
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    if (key === undefined) {
      setState({ data: undefined, error: undefined, isLoading: false });
      return;
    }
    const abort = new AbortController();
    setState((s) => (s.isLoading ? s : { ...s, isLoading: true }));
    const timer = setTimeout(() => {
      loader.current(abort.signal).then(
        (data) => {
          if (!abort.signal.aborted) setState({ data, error: undefined, isLoading: false });
        },
        (error: unknown) => {
          if (!isAbort(error) && !abort.signal.aborted) {
            setState((s) => ({ data: s.data, error: error instanceof Error ? error.message : String(error), isLoading: false }));
          }
        },
      );
    }, delayMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, delayMs]);
  return state;
}
