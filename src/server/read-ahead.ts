/** Reading ahead: a page asks for the rows of the view that shows first and then for their states over all of the time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Experiment } from "../engine/contract.ts";
import { mainView } from "../tsp/index.ts";
import { openView, type RowIds } from "./queries.ts";

/** Rows that a page shows at once, about. */
const mostRows = 50;
/** Slices of the time: each takes some milliseconds, and what is asked meanwhile comes between them. */
const slices = 32;
/** Nobody waits when nothing was asked for this long, ms. */
const idleMs = 50;

/** When a server has nothing to do. */
export interface Idleness {
  /** Resolves when nothing is being answered and nothing was a moment ago. Rejects when told to stop. */
  idle(signal: AbortSignal): Promise<void>;
}

/** Watches the server's requests; to be called before it listens. */
export function watchIdleness(app: FastifyInstance): Idleness {
  let answering = 0;
  let last = Number.NEGATIVE_INFINITY;
  app.addHook("onRequest", async (_request, reply) => {
    answering++;
    reply.raw.once("close", () => {
      answering--;
      last = performance.now();
    });
  });
  return {
    async idle(signal) {
      do await sleep(idleMs / 25, undefined, { signal });
      while (answering > 0 || performance.now() - last < idleMs);
    },
  };
}

/**
 * Asks the same while the browser starts or is busy with the page, coarsely, so that it is answered sooner when the page asks: what the whole time needs of the
 * history is in memory then, and the code that answers is compiled. Does nothing before the analysis is done. What fails here fails again, and is told, when it is
 * asked for.
 */
export async function readAhead(experiment: Experiment, rowIds: RowIds, idleness: Idleness, signal: AbortSignal): Promise<void> {
  const first = mainView(experiment.views);
  if (experiment.status.state !== "completed" || first?.type !== "time-graph") return;
  try {
    // Opening the trace kept the server from seeing what was asked meanwhile: the page itself comes first.
    await sleep(idleMs, undefined, { signal });
    await idleness.idle(signal);
    const { view, context } = openView(experiment, first.id, "time-graph");
    const rows = rowIds.remember(context.history, view.id, view.tree(context)).slice(0, mostRows);
    const entries = rows.map(({ id }) => id);
    const whole = Math.max(slices, experiment.relative(experiment.end));
    for (let slice = 0; slice < slices; slice++) {
      await idleness.idle(signal);
      view.states(context, entries, { start: (whole * slice) / slices, end: (whole * (slice + 1)) / slices, columns: 1 });
    }
  } catch {
    // Told when it is asked for.
  }
}
