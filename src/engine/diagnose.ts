/**
 * Runs the diagnoses over one finished history. What they share is made once (diagnoses/facts.ts); here it is decided whether a diagnosis can tell at all,
 * and findings get absolute times, a link into the UI and their order.
 */
import { type AbsoluteNs, compareText, StorescopeError, type TaskOptions, toRelative } from "../base/index.ts";
import { confidences, type Diagnosis, type DiagnosisContext, Facts, type Found, severities, shownRequests } from "../diagnoses/index.ts";
import { recordedEvents } from "../environments/redis/index.ts";
import type { TraceSource } from "../trace/index.ts";
import type { DiagnosisReport, Finding, Unanswered } from "./contract.ts";
import type { EventRows } from "./event-rows.ts";
import { diagnoses } from "./registry/diagnoses.gen.ts";

const eventLimit = 5000;

export type DiagnosisInfo = Pick<Diagnosis, "id" | "title" | "version" | "needs" | "providers" | "view" | "explanation">;

export interface DiagnosisInput {
  readonly source: TraceSource;
  readonly rows: EventRows;
  readonly context: Pick<DiagnosisContext, "history" | "start" | "end">;
  readonly lostEvents: number;
  readonly experiment: string;
  readonly absolute: (time: number) => AbsoluteNs;
}

/** Every diagnosis' answer: findings with the worst first. Gives others a turn between two diagnoses; throws CANCELLED when told to stop. */
export async function diagnose(input: DiagnosisInput, options: TaskOptions = {}): Promise<DiagnosisReport> {
  const { source, rows, lostEvents } = input;
  const { history, start, end } = input.context;
  const origin = input.absolute(0);
  const facts = new Facts(history, start, end, (node, connection, from, to) =>
    rows.ofConnection(node.index, connection, from, to, eventLimit).map((row) => ({ ...row, time: toRelative(row.time, origin) })),
  );
  const recorded = recordedEvents(source.eventClasses.map(({ name }) => name));
  const findings: Finding[] = [];
  const notFound: Unanswered[] = [];
  const cannotTell: Unanswered[] = [];
  const has = (provider: string) => source.eventClasses.some(({ name }) => name.startsWith(`${provider}:`));
  const asked = (diagnoses as readonly Diagnosis[]).filter(({ providers }) => providers === undefined || providers.some(has));
  for (const [i, diagnosis] of asked.entries()) {
    options.onProgress?.({ label: "Diagnosing", done: i, total: asked.length });
    await new Promise((resume) => setImmediate(resume));
    if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "the diagnosis was cancelled");
    const base = { id: diagnosis.id, version: diagnosis.version };
    const missing = diagnosis.needs.filter((name) => !recorded.has(name));
    if (facts.nodes.length === 0 || missing.length > 0) {
      const reason =
        facts.nodes.length === 0
          ? "the trace holds no store process"
          : has("redis")
            ? `recorded without ${missing.join(", ")}: record with --events light or full`
            : `Valkey's own tracing does not tell of ${missing.join(", ")}: run the instrumented Valkey (storescope build valkey) for it`;
      cannotTell.push({ ...base, verdict: "cannot tell", reason });
      continue;
    }
    const answer = diagnosis.check(facts);
    if (answer.verdict === "found") findings.push(...answer.findings.map((found) => finish(diagnosis, found, input)));
    else if (answer.verdict === "not found" && lostEvents > 0)
      cannotTell.push({ ...base, verdict: "cannot tell", reason: `${answer.reason}, but ${lostEvents} events were lost while recording` });
    else (answer.verdict === "not found" ? notFound : cannotTell).push({ ...base, ...answer });
  }
  return { findings: findings.sort(worstFirst), notFound, cannotTell };
}

function finish(diagnosis: Diagnosis, found: Found, input: DiagnosisInput): Finding {
  const { id, version, title, view } = diagnosis;
  const [start, end] = [input.absolute(found.start), input.absolute(found.end)];
  // Lost events take from every number, so one step from how sure it is.
  const level = confidences.indexOf(found.confidence) - (input.lostEvents > 0 ? 1 : 0);
  const requests = found.requests.slice(0, shownRequests);
  // Some room to either side, so that what comes before and after is in sight.
  const room = (end - start) / 10n + 1000n;
  const fragment = new URLSearchParams({ trace: input.experiment, from: String(start - room), to: String(end + room) });
  if (requests[0] !== undefined) fragment.set("request", String(requests[0]));
  return {
    id,
    version,
    title,
    verdict: "found",
    severity: found.severity,
    confidence: confidences[Math.max(0, level)] ?? "low",
    node: found.node,
    start,
    end,
    prose: found.prose,
    advice: found.advice,
    evidence: found.evidence,
    requests,
    costNs: found.costNs,
    link: { view, from: start, to: end, fragment: fragment.toString() },
  };
}

function worstFirst(left: Finding, right: Finding): number {
  return (
    severities.indexOf(right.severity) - severities.indexOf(left.severity) ||
    confidences.indexOf(right.confidence) - confidences.indexOf(left.confidence) ||
    right.costNs - left.costNs ||
    compareText(left.id, right.id)
  );
}

/** What there is to diagnose. */
export function diagnosisList(): readonly DiagnosisInfo[] {
  return diagnoses;
}
