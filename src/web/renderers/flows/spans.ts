/** What the table of flows and the waterfall say of a span alike. */
import type { SpanWire } from "../../../tsp/index.ts";
import { formatDuration } from "../../format/time.ts";
import { useStore } from "../../state/store.ts";

export function spanRemarks(span: SpanWire): string {
  const said = [
    span.status > 0 ? String(span.status) : "",
    span.grpc === undefined || span.grpc === "OK" ? "" : `gRPC ${span.grpc}`,
    span.waitedNs > 0 ? `waited ${formatDuration(span.waitedNs)} for a connection` : "",
    span.redirected === undefined ? "" : redirectText(span.redirected.lostNs),
    span.repeats === undefined ? "" : "repeat of a redirected call",
    span.broken ? "aborted" : "",
    span.cancelled ? "timed out or cancelled by the caller" : "",
    span.retries === undefined ? "" : "retry",
    span.failed ? "failed" : "",
    span.complete ? "" : "cut",
    span.kind === "served" || span.kind === "message" || span.evidence !== "nothing" ? "" : "other end not traced",
    span.evidence === "order" ? "joined by order only" : "",
  ];
  return said.filter((each) => each !== "").join(", ");
}

const redirectText = (lostNs: number | undefined): string =>
  lostNs === undefined ? "redirected" : `redirected, ${formatDuration(lostNs)} lost`;

/** Selects the span's time; its request in the store is shown beside, where it has one. `isZoom`: it fills the view. */
export function showSpan(span: SpanWire, origin: bigint, isZoom: boolean): void {
  const store = useStore.getState();
  const start = Number(span.start - origin);
  const end = Number(span.end - origin);
  store.select({ time: start, end, entry: store.selection?.entry });
  if (span.request !== undefined) store.showRequest(span.request);
  if (isZoom) store.fitSelection();
}
