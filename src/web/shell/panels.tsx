/** The dock: which panels there are and where they stand at first. Users drag, split and maximise them as they like. */
import { Actions, type IJsonModel, Layout, Model, type TabNode } from "flexlayout-react";
import { useCallback, useEffect, useMemo } from "react";
import { decodeRequest, type ExperimentSummary } from "../../tsp/index.ts";
import { EventsPanel } from "../renderers/events/events.tsx";
import { RequestDetail } from "../renderers/requests/request-detail.tsx";
import { RequestsPanel } from "../renderers/requests/requests.tsx";
import { StatisticsPanel } from "../renderers/statistics/statistics.tsx";
import { TimeGraph } from "../renderers/time-graph/time-graph.tsx";
import { call } from "../state/client.ts";
import { useStore } from "../state/store.ts";
import { useLatest } from "../state/use-latest.ts";
import { Message } from "../widgets/message.tsx";

function initialLayout(): IJsonModel {
  const tab = (id: string, name: string) => ({ type: "tab", id, component: id, name });
  // The detail panel is as wide as its text needs, in percent of the window.
  const detail = Math.min(32, Math.max(15, (350 / innerWidth) * 100));
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
            { type: "tabset", weight: 66, children: [tab("netflow", "Netflow")] },
            {
              type: "tabset",
              weight: 34,
              children: [tab("requests", "Requests"), tab("events", "Events"), tab("statistics", "Statistics")],
            },
          ],
        },
        { type: "tabset", weight: detail, children: [tab("request", "Request")] },
      ],
    },
  };
}

export function Panels({ experiment }: { readonly experiment: ExperimentSummary }) {
  const model = useMemo(() => Model.fromJson(initialLayout()), []);
  const wanted = useStore((s) => s.wanted);
  useEffect(() => {
    if (wanted.count > 0) model.doAction(Actions.selectTab(wanted.panel));
  }, [wanted, model]);

  const factory = useCallback(
    (node: TabNode) => {
      switch (node.getComponent()) {
        case "netflow":
          return <Netflow experiment={experiment} />;
        case "events":
          return <EventsPanel experiment={experiment} />;
        case "requests":
          return <RequestsPanel experiment={experiment} />;
        case "statistics":
          return <StatisticsPanel experiment={experiment} />;
        case "request":
          return <RequestDetail experiment={experiment} />;
        default:
          return null;
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

function Netflow({ experiment }: { readonly experiment: ExperimentSummary }) {
  const view = experiment.views.find((v) => v.id === "netflow") ?? experiment.views.find((v) => v.type === "time-graph");
  const request = useStore((s) => s.request);
  const path = request === undefined ? undefined : `api/experiments/${experiment.id}/requests/${request}`;
  const { data } = useLatest(path, (signal) => call(path ?? "", decodeRequest, { signal }));
  const range = useMemo(
    () => (data === undefined ? undefined : { start: Number(data.start - experiment.origin), end: Number(data.end - experiment.origin) }),
    [data, experiment.origin],
  );
  if (view === undefined || view.type !== "time-graph")
    return <Message title="No time graph" text="This trace has no view that can be drawn over time." />;
  return <TimeGraph experimentId={experiment.id} viewId={view.id} origin={experiment.origin} title={view.title} request={range} />;
}
