/** The `event-counts` analysis: how many events of each name, and when. The smallest analysis there is. */

import { TimeBuckets } from "../../base/time-buckets.ts";
import type { SingleAnalysis } from "../contract.ts";
import { documents, type EventSummary } from "./keys.ts";

const eventCounts: SingleAnalysis = {
  id: "event-counts",
  version: 1,
  needs: [],
  start({ source, cursor, writer }) {
    const counts = new Float64Array(source.eventClasses.length);
    const isForeign = source.eventClasses.map((eventClass) => !eventClass.name.startsWith("redis:"));
    const buckets = new TimeBuckets();
    const foreign = new TimeBuckets();
    let total = 0;
    return {
      handle() {
        const eventClass = cursor.eventClass;
        counts[eventClass] = (counts[eventClass] as number) + 1;
        total++;
        buckets.add(cursor.time);
        if (isForeign[eventClass]) foreign.add(cursor.time);
      },
      finish() {
        const byName: Record<string, number> = {};
        for (const { name, index } of source.eventClasses) {
          const count = counts[index] as number;
          if (count > 0) byName[name] = (byName[name] ?? 0) + count;
        }
        const summary: EventSummary = { total, counts: byName, buckets: buckets.finish(), foreign: foreign.finish() };
        writer.document(documents.events, summary);
      },
    };
  },
};

export default eventCounts;
