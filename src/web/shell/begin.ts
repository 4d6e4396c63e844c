/**
 * What the page asks for before it is there itself: the list of experiments, and of the one that it will show, if that is analysed, the first view. main.ts calls
 * `begin`, and loads the page meanwhile; App takes over what is under way.
 */
import { decodeExperiments, type ExperimentSummary, mainView } from "../../tsp/index.ts";
import { askEarly } from "../renderers/time-graph/first-view.ts";
import { call } from "../state/client.ts";
import { clampRange, useStore } from "../state/store.ts";
import { parseFragment, takeToken, toView } from "../state/url.ts";
import { firstPanelSize } from "./first-size.ts";

export interface Listed {
  readonly all: readonly ExperimentSummary[];
  /** The one that the address names, else the first; undefined where there is none. */
  readonly chosen: ExperimentSummary | undefined;
}

let begun: Promise<Listed> | undefined;
let openedEarly: ExperimentSummary | undefined;

async function list(): Promise<Listed> {
  const fragment = takeToken();
  const all = await call("api/experiments", decodeExperiments);
  return { all, chosen: all.find((e) => e.id === parseFragment(fragment).trace) ?? all[0] };
}

/** Applies what the address says to the store. */
export function applyAddress(fragment: string): void {
  const { experiment, full } = useStore.getState();
  if (experiment === undefined) return;
  const view = toView(parseFragment(fragment), experiment.origin, full);
  useStore.setState({ ...view, range: clampRange(view.range, full) });
}

/** Resolves when the first view is asked for. */
async function open(experiment: ExperimentSummary): Promise<void> {
  useStore.getState().open(experiment);
  if (parseFragment(location.hash).trace === experiment.id) applyAddress(location.hash);
  document.title = `${experiment.name} – Storescope`;
  const view = mainView(experiment.views);
  if (view?.type === "time-graph") await askEarly(experiment.id, view.id, experiment.origin, firstPanelSize());
}

/** Resolves when all is asked for that can be: loading the page keeps the browser from asking for some tenths of a second. */
export async function begin(): Promise<void> {
  begun = list();
  try {
    const { chosen } = await begun;
    if (chosen?.status.state !== "completed") return;
    openedEarly = chosen;
    await open(chosen);
  } catch {
    // Told to whoever takes the list.
  }
}

/** The list that was asked for early, once; then a new one each time. */
export function takeListed(): Promise<Listed> {
  const taken = begun ?? list();
  begun = undefined;
  return taken;
}

/** Makes an analysed experiment the one that is shown, and asks for its first view, unless that was done early. */
export function openAnalysed(experiment: ExperimentSummary): void {
  if (experiment !== openedEarly) void open(experiment);
  openedEarly = undefined;
}
