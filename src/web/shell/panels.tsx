/** The dock: which panels there are and where they stand at first. Users drag, split and maximise them as they like. */
import { Actions, type IJsonModel, type IJsonTabNode, Layout, Model, type TabNode } from "flexlayout-react";
import { useCallback, useEffect, useMemo } from "react";
import { decodeRequest, type ExperimentSummary } from "../../tsp/index.ts";
import { DataTree } from "../renderers/data-tree/data-tree.tsx";
import { EventsPanel } from "../renderers/events/events.tsx";
import { FindingsPanel } from "../renderers/findings/findings.tsx";
import { FlowsPanel } from "../renderers/flows/flows.tsx";
import { Waterfall } from "../renderers/flows/waterfall.tsx";
import { RequestDetail } from "../renderers/requests/request-detail.tsx";
import { RequestsPanel } from "../renderers/requests/requests.tsx";
import { StatisticsPanel } from "../renderers/statistics/statistics.tsx";
import { TimeGraph } from "../renderers/time-graph/time-graph.tsx";
import { XyChart } from "../renderers/xy/xy-chart.tsx";
import { call } from "../state/client.ts";
import { type PanelId, useStore } from "../state/store.ts";
import { useLatest } from "../state/use-latest.ts";
import { panelOf, panelViews, type ViewSummary } from "../state/views.ts";
import { detailPercent, graphPercent } from "./first-size.ts";

/** Time graphs above; tables and curves below, so that they can be read side by side with the graph. */
function initialLayout(experiment: ExperimentSummary): IJsonModel {
  const tab = (id: PanelId, name: string): IJsonTabNode => ({ type: "tab", id, component: id, name });
  const views = panelViews(experiment);
  const tabsOf = (type: ViewSummary["type"]) => views.filter((view) => view.type === type).map((view) => tab(panelOf(view), view.title));
  // Where services were traced, what was done for their requests comes first.
  const flows = hasFlows(experiment) ? [tab("flows", "Flows"), tab("flow", "Waterfall")] : [];
  const tables = [...flows, tab("requests", "Requests"), tab("events", "Events"), tab("statistics", "Statistics")];
  const detail = detailPercent();
  return {
    global: {
      tabEnableClose: false,
      tabEnableRename: false,
      tabEnablePopout: false,
      tabSetEnableMaximize: true,
      tabSetMinHeight: 90,
      tabSetMinWidth: 200,
    },
    layout: {
      type: "row",
      children: [
        {
          type: "row",
          weight: 100 - detail,
          children: [
            { type: "tabset", weight: graphPercent, children: [...tabsOf("time-graph"), ...tabsOf("data-tree")] },
            { type: "tabset", weight: 100 - graphPercent, children: [...tables, ...tabsOf("xy")] },
          ],
        },
        { type: "tabset", weight: detail, children: [tab("findings", "Findings"), tab("request", "Request")] },
      ],
    },
  };
}

const hasFlows = (experiment: ExperimentSummary): boolean => experiment.views.some((view) => view.id === "spans");

export function Panels({ experiment }: { readonly experiment: ExperimentSummary }) {
  const model = useMemo(() => Model.fromJson(initialLayout(experiment)), [experiment]);
  const wanted = useStore((s) => s.wanted);
  useEffect(() => {
    if (wanted.count > 0 && model.getNodeById(wanted.panel) !== undefined) model.doAction(Actions.selectTab(wanted.panel));
  }, [wanted, model]);
  const request = useStore((s) => s.request);
  useEffect(() => {
    if (request !== undefined) model.doAction(Actions.selectTab("request"));
  }, [request, model]);

  const flow = useStore((s) => s.flow);
  useEffect(() => {
    if (flow !== undefined && model.getNodeById("flow") !== undefined) model.doAction(Actions.selectTab("flow"));
  }, [flow, model]);

  const factory = useCallback(
    (node: TabNode) => {
      const component = node.getComponent();
      switch (component) {
        case "events":
          return <EventsPanel experiment={experiment} />;
        case "requests":
          return <RequestsPanel experiment={experiment} />;
        case "flows":
          return <FlowsPanel experiment={experiment} />;
        case "flow":
          return <Waterfall experiment={experiment} />;
        case "statistics":
          return <StatisticsPanel experiment={experiment} />;
        case "findings":
          return <FindingsPanel experiment={experiment} />;
        case "request":
          return <RequestDetail experiment={experiment} />;
        default: {
          const view = panelViews(experiment).find((each) => panelOf(each) === component);
          return view === undefined ? null : <ViewPanel experiment={experiment} view={view} />;
        }
      }
    },
    [experiment],
  );
  return (
    <main className="panels">
      <Layout model={model} factory={factory} realtimeResize />
    </main>
  );
}

/** Draws a view by its type. */
function ViewPanel({ experiment, view }: { readonly experiment: ExperimentSummary; readonly view: ViewSummary }) {
  switch (view.type) {
    case "time-graph":
      return <TimeGraphPanel experiment={experiment} view={view} />;
    case "xy":
      return <XyChart experiment={experiment} view={view} />;
    case "data-tree":
      return <DataTree experiment={experiment} view={view} />;
  }
}

function TimeGraphPanel({ experiment, view }: { readonly experiment: ExperimentSummary; readonly view: ViewSummary }) {
  const request = useStore((s) => s.request);
  const path = request === undefined ? undefined : `api/experiments/${experiment.id}/requests/${request}`;
  const { data } = useLatest(path, (signal) => call(path ?? "", decodeRequest, { signal }));
  const range = useMemo(
    () => (data === undefined ? undefined : { start: Number(data.start - experiment.origin), end: Number(data.end - experiment.origin) }),
    [data, experiment.origin],
  );
  return <TimeGraph experimentId={experiment.id} viewId={view.id} origin={experiment.origin} title={view.title} request={range} />;
}
