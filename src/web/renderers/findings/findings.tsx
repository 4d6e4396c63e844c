/** What the diagnoses found: the worst first, in sentences, with the numbers they rest on, what to do, and the way to where it shows. */
import { CircleAlert, Crosshair, Info, TriangleAlert } from "lucide-react";
import { decodeDiagnosis, type ExperimentSummary, type FindingWire, type MeasureWire } from "../../../tsp/index.ts";
import { formatDuration, formatTime } from "../../format/time.ts";
import { formatBytes, formatCount } from "../../format/units.ts";
import { call } from "../../state/client.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import { Message } from "../../widgets/message.tsx";

const icons = { critical: CircleAlert, warning: TriangleAlert, info: Info } as const;

function formatMeasure({ value, unit }: MeasureWire): string {
  switch (unit) {
    case "ns":
      return formatDuration(Math.round(value));
    case "bytes":
      return formatBytes(value);
    case "ratio":
      return value > 1 ? `${value.toFixed(1)} times` : `${(value * 100).toFixed(1)} %`;
    case "per-second":
      return `${formatCount(value)}/s`;
    case "count":
      return formatCount(value);
  }
}

/** The graph comes first: diagnosing a large trace takes the server a moment. */
export function FindingsPanel({ experiment }: { readonly experiment: ExperimentSummary }) {
  const path = `api/experiments/${experiment.id}/diagnosis`;
  const { data, error } = useLatest(path, (signal) => call(path, decodeDiagnosis, { signal, isPatient: true }));
  if (error !== undefined) return <Message title="The trace cannot be diagnosed" text={error} />;
  if (data === undefined) return <Message title="Diagnosing…" text="" />;
  const { findings, notFound, cannotTell } = data;
  return (
    <section className="findings" aria-label="Findings">
      <h2 className="findings-head">
        {findings.length === 0 ? "Nothing found" : `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`}
      </h2>
      <p className="muted">
        {formatCount(findings.length + notFound.length + cannotTell.length)} questions asked.{" "}
        {cannotTell.length === 0 ? "" : `${cannotTell.length} cannot be answered from this trace.`}
      </p>
      {findings.map((finding, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a diagnosis may find the same on one node twice; the list never changes.
        <Card key={i} experiment={experiment} finding={finding} />
      ))}
      <Unanswered title="Cannot tell" list={cannotTell} />
      <Unanswered title="Not found" list={notFound} />
    </section>
  );
}

function Card({ experiment, finding }: { readonly experiment: ExperimentSummary; readonly finding: FindingWire }) {
  const timeMode = useStore((s) => s.timeMode);
  const { origin } = experiment;
  const Icon = icons[finding.severity];
  const start = Number(finding.start - origin);
  const end = Number(finding.end - origin);
  const show = (): void => {
    const store = useStore.getState();
    const room = Math.max(50, (end - start) * 0.1);
    store.want(`view:${finding.link.view}`);
    store.setRange({ start: start - room, end: end + room });
    store.select({ time: start, end });
  };
  return (
    <article className={`finding is-${finding.severity}`} data-testid="finding" data-id={finding.id}>
      <h3>
        <Icon size={15} aria-hidden="true" />
        {finding.title}
        <span className="badge">{finding.severity}</span>
      </h3>
      <p>{finding.prose}</p>
      <p className="finding-advice">{finding.advice}</p>
      <dl className="facts">
        <dt>Node</dt>
        <dd>{finding.node}</dd>
        <dt>Confidence</dt>
        <dd>{finding.confidence}</dd>
        {finding.evidence.map((measure) => (
          <Fact key={measure.name} name={measure.name} value={formatMeasure(measure)} />
        ))}
      </dl>
      <div className="finding-links">
        <button
          type="button"
          className="button"
          onClick={show}
          title={`${formatTime(start, origin, timeMode)}, ${formatDuration(end - start)}`}
        >
          <Crosshair size={14} aria-hidden="true" /> Show where
        </button>
        {finding.requests.slice(0, 5).map((id) => (
          <button key={id} type="button" className="link" onClick={() => useStore.getState().showRequest(id)}>
            #{id}
          </button>
        ))}
      </div>
    </article>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="is-mono">{value}</dd>
    </>
  );
}

function Unanswered({
  title,
  list,
}: {
  readonly title: string;
  readonly list: readonly { readonly id: string; readonly reason: string }[];
}) {
  if (list.length === 0) return null;
  return (
    <details className="unanswered">
      <summary>
        {title} ({list.length})
      </summary>
      <dl className="facts">
        {list.map(({ id, reason }) => (
          <Fact key={id} name={id} value={reason} />
        ))}
      </dl>
    </details>
  );
}
