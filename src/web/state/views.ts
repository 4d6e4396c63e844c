/** Which views an experiment has, in the order in which they are offered. */
import { type ExperimentSummary, mainView } from "../../tsp/index.ts";
import type { PanelId } from "./store.ts";

export type ViewSummary = ExperimentSummary["views"][number];

/** Views with a panel of their own, the main one first. The histogram is the overview, and the statistics have a panel that shows more. */
export function panelViews(experiment: ExperimentSummary): readonly ViewSummary[] {
  const main = mainView(experiment.views);
  const others = experiment.views.filter((view) => view !== main && view.id !== "histogram" && view.id !== "statistics");
  return main === undefined ? others : [main, ...others];
}

export function panelOf(view: ViewSummary): PanelId {
  return `view:${view.id}`;
}
