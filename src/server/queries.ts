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

/**
 * Which of the asked rows exist. Views may take an unknown id for a bug, and clients keep ids of a tree that has changed. Shared by all routes: a client asks
 * for a tree before it asks for rows, and making a tree reads the table of connections.
 */
export class RowIds {
  private readonly known = new WeakMap<object, Map<string, ReadonlySet<number>>>();

  /** Gives `tree` back, and remembers its rows as those that the view has in this history. */
  remember<T extends { readonly id: number }>(history: object, view: string, tree: readonly T[]): readonly T[] {
    const perView = this.known.get(history) ?? new Map<string, ReadonlySet<number>>();
    this.known.set(history, perView);
    perView.set(view, new Set(tree.map((entry) => entry.id)));
    return tree;
  }

  /** Keeps of `asked` what the view has, each once. `tree` is called unless the view's rows are known. */
  select(history: object, view: string, tree: () => readonly { readonly id: number }[], asked: readonly number[]): readonly number[] {
    if (this.known.get(history)?.has(view) !== true) this.remember(history, view, tree());
    const existing = this.known.get(history)?.get(view);
    return [...new Set(asked)].filter((id) => existing?.has(id));
  }
}
