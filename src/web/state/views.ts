/** Which views an experiment has, in the order in which they are offered. */
import type { ExperimentSummary } from "../../tsp/index.ts";
import type { PanelId } from "./store.ts";

export type ViewSummary = ExperimentSummary["views"][number];

/** The view that shows first, and in which requests and rows are found. */
export function mainView(experiment: ExperimentSummary): ViewSummary | undefined {
  return experiment.views.find((view) => view.id === "netflow") ?? experiment.views.find((view) => view.type === "time-graph");
}

/** Views with a panel of their own, the main one first. The histogram is the overview, and the statistics have a panel that shows more. */
export function panelViews(experiment: ExperimentSummary): readonly ViewSummary[] {
  const main = mainView(experiment);
  const others = experiment.views.filter((view) => view !== main && view.id !== "histogram" && view.id !== "statistics");
  return main === undefined ? others : [main, ...others];
}

export function panelOf(view: ViewSummary): PanelId {
  return `view:${view.id}`;
}
