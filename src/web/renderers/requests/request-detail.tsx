/** One request's whole life: its phases to scale, who did the work, who held the thread while it waited, and its events. */
import { Crosshair } from "lucide-react";
import { useState } from "react";
import {
  type DeliveryWire,
  decodeEventRows,
  decodeRequest,
  type ExperimentSummary,
  type HolderWire,
  type PhaseWire,
  type RedirectedWire,
  type RequestWire,
} from "../../../tsp/index.ts";
import { formatDuration, formatExactNs, formatTime } from "../../format/time.ts";
import { formatBytes } from "../../format/units.ts";
import { call } from "../../state/client.ts";
import { focusRequest } from "../../state/focus.ts";
import { useStore } from "../../state/store.ts";
import { useLatest } from "../../state/use-latest.ts";
import { Message } from "../../widgets/message.tsx";
import { PhaseBar } from "./phase-bar.tsx";
import { colorOf, isWait, phaseNs, phaseText } from "./phases.ts";

/** Holders listed before "show all". */
const shownHolders = 6;

export function RequestDetail({ experiment }: { readonly experiment: ExperimentSummary }) {
  const id = useStore((s) => s.request);
  const base = `api/experiments/${experiment.id}/requests`;
  const { data, error } = useLatest(id === undefined ? undefined : `${base}/${id}`, async (signal) => {
    const [request, events] = await Promise.all([
      call(`${base}/${id}`, decodeRequest, { signal }),
      call(`${base}/${id}/events`, decodeEventRows, { signal }),
    ]);
    return { request, events };
  });
  if (id === undefined) {
    return (
      <Message
        title="No request selected"
        text="Click a state in the Netflow view or a row of the Requests table to see the whole life of its request."
      />
    );
  }
  if (error !== undefined) return <Message title={`Request #${id} cannot be shown`} text={error} />;
  if (data === undefined) return <Message title={`Loading request #${id}…`} text="" />;
  return <Life experiment={experiment} request={data.request} events={data.events} />;
}

interface LifeProps {
  readonly experiment: ExperimentSummary;
  readonly request: RequestWire;
  readonly events: ReturnType<typeof decodeEventRows>;
}

function Life({ experiment, request, events }: LifeProps) {
  const timeMode = useStore((s) => s.timeMode);
  const { origin } = experiment;
  const show = (time: bigint): string => formatTime(Number(time - origin), origin, timeMode);
  return (
    <div className="detail">
      <div className="detail-head">
        <h2>
          {request.command} <span className="muted">#{request.id}</span>
        </h2>
        <button type="button" className="button" onClick={() => focusRequest(request, true)}>
          <Crosshair size={14} aria-hidden="true" /> Zoom to request
        </button>
      </div>
      <div className="detail-total">
        <span className="big">{formatDuration(phaseNs(request))}</span>
        <span className="muted">{formatExactNs(phaseNs(request))}</span>
        {request.failed ? <span className="badge is-bad">answered with an error</span> : null}
        {request.complete ? null : <span className="badge">cut by the end of the trace</span>}
      </div>
      <PhaseBar request={request} isLarge />
      <dl className="facts">
        <dt>Connection</dt>
        <dd>{request.connectionLabel}</dd>
        <dt>Node</dt>
        <dd>{request.node}</dd>
        <dt>Start</dt>
        <dd className="is-mono">{show(request.start)}</dd>
        <dt>End</dt>
        <dd className="is-mono">{show(request.end)}</dd>
        <dt>Bytes</dt>
        <dd>
          {formatBytes(request.requestBytes)} in, {formatBytes(request.replyBytes)} out
        </dd>
      </dl>
      <h3>Phases</h3>
      <ol className="phases">
        {request.phases.map((phase) => (
          <PhaseItem key={`${phase.name}${phase.start}`} phase={phase} request={request} origin={origin} />
        ))}
      </ol>
      {request.redirected === undefined ? null : <Redirected of={request.redirected} shown={request.id} />}
      {request.deliveries === undefined ? null : <Deliveries request={request} deliveries={request.deliveries} />}
      <h3>Events</h3>
      <ol className="request-events">
        {events.map((event) => (
          <li key={event.index}>
            <button
              type="button"
              className="event-link"
              onClick={() => {
                const store = useStore.getState();
                store.select({ time: Number(event.time - origin), entry: store.selection?.entry });
                store.want("events");
              }}
            >
              <span className="is-mono muted">+{formatDuration(Number(event.time - request.start))}</span>
              <span>{event.name}</span>
            </button>
          </li>
        ))}
        {events.length === 0 ? <li className="muted">The trace keeps no single events of this request.</li> : null}
      </ol>
    </div>
  );
}

function PhaseItem({ phase, request, origin }: { readonly phase: PhaseWire; readonly request: RequestWire; readonly origin: bigint }) {
  const styleColors = useStore((s) => s.styleColors);
  const ns = phaseNs(phase);
  const share = ns / Math.max(1, phaseNs(request));
  return (
    <li>
      <button
        type="button"
        className="phase-line"
        title="Select this phase's time"
        onClick={() => {
          const store = useStore.getState();
          store.select({ time: Number(phase.start - origin), end: Number(phase.end - origin), entry: store.selection?.entry });
        }}
      >
        <span
          className={`swatch${isWait(phase.name) ? " is-wait" : ""}`}
          style={{ background: colorOf(phase, request, styleColors) }}
          aria-hidden="true"
        />
        <span className="phase-name">{phaseText(phase, request)}</span>
        <span className="is-mono phase-ns">{formatDuration(ns)}</span>
        <span className="muted phase-share">{share >= 0.0005 ? `${(share * 100).toFixed(1)} %` : "<0.1 %"}</span>
      </button>
      {isWait(phase.name) ? (
        <Holders holders={phase.holders ?? []} whole={ns} />
      ) : (
        <div className="muted phase-thread">on thread {phase.thread}</div>
      )}
    </li>
  );
}

/** All hops of what the client sees as one request. */
function Redirected({ of: { hops, durationNs, lostNs, evidence }, shown }: { readonly of: RedirectedWire; readonly shown: number }) {
  const since = (time: bigint): string => `+${formatDuration(Number(time - (hops[0]?.start ?? time)))}`;
  return (
    <>
      <h3>Redirected</h3>
      <p className="muted">
        {hops.length > 1
          ? `${formatDuration(durationNs)} in all, of which ${formatDuration(lostNs)} were lost to the redirect.`
          : "How it was followed the trace does not tell."}
        {evidence === "order" ? " The hops are joined by their order: likely, not certain." : ""}
      </p>
      <ol className="phases">
        {hops.map(({ request, node, connectionLabel, start, end, asking, redirect }) => (
          <li key={request}>
            {node}, {connectionLabel}{" "}
            {request === shown ? (
              <span className="muted">this request</span>
            ) : (
              <button type="button" className="link" onClick={() => useStore.getState().showRequest(request)}>
                #{request}
              </button>
            )}
            <div className="muted phase-thread">
              {since(start)} to {since(end)}
              {asking === undefined ? "" : ", after ASKING"},{" "}
              {redirect === undefined ? "served" : `${redirect.kind.toUpperCase()}, slot ${redirect.slot}, to ${redirect.target}`}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

/** Where a published message went, with the time since the PUBLISH came in. */
function Deliveries({ request, deliveries }: { readonly request: RequestWire; readonly deliveries: readonly DeliveryWire[] }) {
  const since = (time: bigint | undefined): string =>
    time === undefined ? "never seen" : `+${formatDuration(Number(time - request.start))}`;
  return (
    <>
      <h3>Delivered to</h3>
      <ol className="phases">
        {deliveries.map((each) => (
          <li key={`${each.node}/${each.connection}/${each.queued}`}>
            {each.node}, {each.connectionLabel}
            <div className="muted phase-thread">
              {each.received === undefined ? "" : `over the bus ${since(each.received)}, `}queued {since(each.queued)}, written{" "}
              {since(each.written)}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

interface Held {
  readonly label: string;
  readonly request: number | undefined;
  readonly ns: number;
}

/** Holders summed by what they did and for whom, longest first. */
function sumHolders(holders: readonly HolderWire[]): readonly Held[] {
  const sums = new Map<string, Held>();
  for (const holder of holders) {
    const key = `${holder.request ?? ""}|${holder.label}`;
    const ns = Number(holder.end - holder.start);
    sums.set(key, { label: holder.label, request: holder.request, ns: ns + (sums.get(key)?.ns ?? 0) });
  }
  return [...sums.values()].sort((a, b) => b.ns - a.ns);
}

function Holders({ holders, whole }: { readonly holders: readonly HolderWire[]; readonly whole: number }) {
  const [isAll, setAll] = useState(false);
  const held = sumHolders(holders);
  if (held.length === 0) return <div className="muted phase-thread">nobody held the thread that the trace knows of</div>;
  return (
    <ul className="holders" aria-label="Held by">
      {(isAll ? held : held.slice(0, shownHolders)).map((h) => (
        <li key={`${h.request ?? ""}${h.label}`}>
          <span className="holder-bar" style={{ width: `${Math.max(1, (h.ns / Math.max(1, whole)) * 100)}%` }} aria-hidden="true" />
          <span className="holder-label">{h.label}</span>
          {h.request === undefined ? null : (
            <button type="button" className="link" onClick={() => useStore.getState().showRequest(h.request)}>
              #{h.request}
            </button>
          )}
          <span className="is-mono holder-ns">{formatDuration(h.ns)}</span>
        </li>
      ))}
      {held.length > shownHolders && !isAll ? (
        <li>
          <button type="button" className="link" onClick={() => setAll(true)}>
            {held.length - shownHolders} more
          </button>
        </li>
      ) : null}
    </ul>
  );
}
