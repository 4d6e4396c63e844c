/** Pages of the events table, loaded as they are seen and forgotten when they are far away. */
import { decodeEventPage, type EventRowWire } from "../../../tsp/index.ts";
import { call, isAbort, query } from "../../state/client.ts";

const pageRows = 200;
const keptPages = 40;

export interface EventPages {
  row(index: number): EventRowWire | undefined;
  /** Loads what is missing of [first, last) and gives up what is not near it. */
  show(first: number, last: number): void;
  close(): void;
}

export function createEventPages(experimentId: string, onChange: (error: string | undefined) => void): EventPages {
  // In the order of their last use: a Map keeps insertion order.
  const pages = new Map<number, readonly EventRowWire[]>();
  const flights = new Map<number, AbortController>();

  async function load(page: number): Promise<void> {
    const abort = new AbortController();
    flights.set(page, abort);
    try {
      const path = query(`api/experiments/${experimentId}/events`, { index: page * pageRows, count: pageRows });
      const { rows } = await call(path, decodeEventPage, { signal: abort.signal });
      pages.set(page, rows);
      for (const old of pages.keys()) {
        if (pages.size <= keptPages) break;
        pages.delete(old);
      }
      onChange(undefined);
    } catch (error) {
      if (!isAbort(error)) onChange(error instanceof Error ? error.message : String(error));
    } finally {
      if (flights.get(page) === abort) flights.delete(page);
    }
  }

  return {
    row: (index) => pages.get(Math.floor(index / pageRows))?.[index % pageRows],
    show: (first, last) => {
      // One row before, for the first row's time difference.
      const from = Math.floor(Math.max(0, first - 1) / pageRows);
      const to = Math.floor(Math.max(first, last - 1) / pageRows);
      for (const [page, abort] of flights) {
        if (page < from - 1 || page > to + 1) {
          abort.abort();
          flights.delete(page);
        }
      }
      for (let page = from; page <= to; page++) {
        const loaded = pages.get(page);
        if (loaded !== undefined) {
          pages.delete(page);
          pages.set(page, loaded);
        } else if (!flights.has(page)) void load(page);
      }
    },
    close: () => {
      for (const abort of flights.values()) abort.abort();
    },
  };
}
