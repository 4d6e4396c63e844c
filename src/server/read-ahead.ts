/** Reading ahead: a page asks for the rows of the view that shows first and then for their states over all of the time. */
import { setImmediate as next } from "node:timers/promises";
import type { Experiment } from "../engine/contract.ts";
import { mainView } from "../tsp/index.ts";
import { openView, type RowIds } from "./queries.ts";

/** Rows that a page shows at once, about. */
const mostRows = 50;
/** Slices of the time: each takes some milliseconds, and what is asked meanwhile comes between them. */
const slices = 32;

/**
 * Asks the same while the browser starts, coarsely, so that it is answered sooner when a page asks: what the whole time needs of the history is in memory then, and
 * the code that answers is compiled. Does nothing before the analysis is done. What fails here fails again, and is told, when it is asked for.
 */
export async function readAhead(experiment: Experiment, rowIds: RowIds, signal: AbortSignal): Promise<void> {
  const first = mainView(experiment.views);
  if (experiment.status.state !== "completed" || first?.type !== "time-graph") return;
  try {
    const { view, context } = openView(experiment, first.id, "time-graph");
    const rows = rowIds.remember(context.history, view.id, view.tree(context)).slice(0, mostRows);
    const entries = rows.map(({ id }) => id);
    const whole = Math.max(slices, experiment.relative(experiment.end));
    for (let slice = 0; slice < slices; slice++) {
      await next(undefined, { signal });
      view.states(context, entries, { start: (whole * slice) / slices, end: (whole * (slice + 1)) / slices, columns: 1 });
    }
  } catch {
    // Told when it is asked for.
  }
}
