/** Public names of what the `event-counts` analysis writes. */
import type { BucketCounts } from "../../base/time-buckets.ts";

export const documents = { events: "events" } as const;

/** The `events` document: trace events by name and over time. `foreign` leaves out what an environment turns into logical events of its own. */
export interface EventSummary {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly buckets: BucketCounts;
  readonly foreign: BucketCounts;
}
