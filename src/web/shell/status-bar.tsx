/** The status bar: the selection in exact figures, the zone of the times, and what the recording lost. */
import { TriangleAlert } from "lucide-react";
import type { ExperimentSummary } from "../../tsp/index.ts";
import { formatDate, formatDuration, formatExactNs, formatTime, zoneName } from "../format/time.ts";
import { formatBytes, formatCount } from "../format/units.ts";
import { useStore } from "../state/store.ts";

export function StatusBar({ experiment }: { readonly experiment: ExperimentSummary }) {
  const selection = useStore((s) => s.selection);
  const timeMode = useStore((s) => s.timeMode);
  const { origin, warnings, discardedEvents, traces } = experiment;
  const show = (time: number): string => formatTime(time, origin, timeMode);
  const length = selection?.end === undefined ? undefined : Math.abs(selection.end - selection.time);
  return (
    <footer className="status-bar">
      <span className="is-mono" data-testid="selection">
        {selection === undefined
          ? "Nothing selected"
          : selection.end === undefined
            ? `Selected ${show(selection.time)}`
            : `Selected ${show(Math.min(selection.time, selection.end))} – ${show(Math.max(selection.time, selection.end))}`}
        {length === undefined ? "" : ` · ${formatDuration(length)} (${formatExactNs(length)})`}
      </span>
      <span className="spacer" />
      {discardedEvents > 0 ? (
        <span className="warning-text">
          <TriangleAlert size={13} aria-hidden="true" /> {formatCount(discardedEvents)} events lost while recording
        </span>
      ) : null}
      {warnings.length > 0 ? (
        <span className="warning-text" title={warnings.map((w) => `${w.file}: byte ${w.offset}: ${w.message}`).join("\n")}>
          <TriangleAlert size={13} aria-hidden="true" /> {formatCount(warnings.length)} {warnings.length === 1 ? "warning" : "warnings"}{" "}
          while reading
        </span>
      ) : null}
      <span className="muted">
        {traces.map((t) => t.format).join(", ")} · {formatBytes(traces.reduce((sum, t) => sum + t.bytes, 0))} ·{" "}
        {formatCount(experiment.eventCount)} events
      </span>
      <span className="muted" data-testid="zone">
        {timeMode === "relative" ? "times since the start" : `${formatDate(0, origin, timeMode)} · ${zoneName(timeMode)}`}
      </span>
    </footer>
  );
}
