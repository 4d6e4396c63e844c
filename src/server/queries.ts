/** What both route families ask an experiment: its views by type, with trees remembered, and to be analysed. */
import { StorescopeError } from "../base/index.ts";
import type { Experiment } from "../engine/contract.ts";

export type View = Experiment["views"][number];
export type ViewOf<T extends View["type"]> = Extract<View, { type: T }>;
type Context = ReturnType<Experiment["view"]>["context"];

/** Clients open their overview by this id, whatever the server is. */
const histogramOutput = "org.eclipse.tracecompass.internal.tmf.core.histogram.HistogramDataProvider";

/** Output id of a view in the Trace Server Protocol. */
export function outputIdOf(view: View): string {
  return view.id === "histogram" && view.type === "xy" ? histogramOutput : view.id;
}

/** A view ready to be asked. */
export interface OpenView<T extends View["type"]> {
  readonly view: ViewOf<T>;
  readonly context: Context;
}

/** The view of this output id (or view id) and type; throws NOT_FOUND. It may still have to wait for the analysis. */
export function findView<T extends View["type"]>(experiment: Experiment, id: string, type: T): ViewOf<T> {
  const view = experiment.views.find((v) => outputIdOf(v) === id || v.id === id);
  if (view === undefined) throw new StorescopeError("NOT_FOUND", `there is no output ${id}`);
  if (!isOfType(view, type)) throw new StorescopeError("NOT_FOUND", `output ${id} is of type ${view.type}, not ${type}`);
  return view;
}

function isOfType<T extends View["type"]>(view: View, type: T): view is ViewOf<T> {
  return view.type === type;
}

/** The view with the context to call it; throws HISTORY_INVALID before the analysis is done. */
export function openView<T extends View["type"]>(experiment: Experiment, id: string, type: T): OpenView<T> {
  const view = findView(experiment, id, type);
  return { view, context: experiment.view(view.id).context };
}

/** Starts the analysis unless it is done, running or failed. A failure is kept in `status`; what is not an expected error goes to `onBug`. */
export function startAnalysis(experiment: Experiment, onBug: (error: unknown) => void): void {
  if (experiment.status.state !== "idle") return;
  experiment.analyze().catch((error: unknown) => {
    if (!(error instanceof StorescopeError)) onBug(error);
  });
}

/** Which of the asked rows exist. Views may take an unknown id for a bug, and clients keep ids of a tree that has changed. */
export class RowIds {
  private readonly known = new WeakMap<object, Map<string, ReadonlySet<number>>>();

  /** Keeps of `asked` what `tree` has, each once. The tree is read once per history and view. */
  select(history: object, view: string, tree: () => readonly { readonly id: number }[], asked: readonly number[]): readonly number[] {
    let perView = this.known.get(history);
    if (perView === undefined) {
      perView = new Map();
      this.known.set(history, perView);
    }
    let ids = perView.get(view);
    if (ids === undefined) {
      ids = new Set(tree().map((entry) => entry.id));
      perView.set(view, ids);
    }
    const existing = ids;
    return [...new Set(asked)].filter((id) => existing.has(id));
  }
}
