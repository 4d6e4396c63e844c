/** Connection storm: clients connect, ask once or twice, and leave, over and over. */
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts } from "../contract.ts";
import { connectionsOf } from "../facts.ts";

const windowNs = 1_000_000_000;
/** Connections in one second: below this, even on a new connection for every request, nobody notices. */
const noticeRate = 100;
/** At some 20 us of main thread and two round trips each, this costs several per cent of a core and doubles what clients wait. */
const alarmRate = 2_000;
const fewRequests = 3;

/** The second with the most of these times: its start and how many. */
function busiest(times: readonly number[]): { readonly start: number; readonly count: number } {
  let best = { start: 0, count: 0 };
  for (let first = 0, last = 0; last < times.length; last++) {
    while ((times[last] as number) - (times[first] as number) >= windowNs) first++;
    if (last - first + 1 > best.count) best = { start: times[first] as number, count: last - first + 1 };
  }
  return best;
}

function finding(context: DiagnosisContext, node: NodeFacts): readonly Found[] {
  // Those that were there before tracing, and those still open at the end, are no storm's.
  const brief = connectionsOf(context.history, node).filter(
    ({ kind, opened, closed, requests }) => kind === "client" && opened > context.start && closed < context.end && requests <= fewRequests,
  );
  const peak = busiest(brief.map(({ opened }) => opened).sort((left, right) => left - right));
  const served = brief.reduce((sum, { requests }) => sum + requests, 0);
  const share = node.requests > 0 ? served / node.requests : 0;
  if (peak.count < noticeRate) return [];
  const lives = brief.map(({ opened, closed }) => closed - opened).sort((left, right) => left - right);
  const life = lives[lives.length >>> 1] ?? 0;
  return [
    {
      severity: peak.count >= alarmRate && share >= 0.5 ? "critical" : "warning",
      confidence: "high",
      node: node.name,
      start: peak.start,
      end: Math.min(context.end, peak.start + windowNs),
      prose: `${count(brief.length)} connections to ${node.name} were opened and closed again after ${(served / brief.length).toFixed(1)} requests on average and half of them within ${duration(life)}; up to ${count(peak.count)} in one second. They carried ${(share * 100).toFixed(0)} % of the requests.`,
      advice:
        "Keep connections open: use the client library's pool, or one shared connection, instead of connecting for each request. In short-lived processes (PHP, functions) use persistent connections or a proxy.",
      evidence: [
        { name: "brief connections", value: brief.length, unit: "count" },
        { name: "most in one second", value: peak.count, unit: "per-second" },
        { name: "requests on each", value: served / brief.length, unit: "count" },
        { name: "part of all requests", value: share, unit: "ratio" },
        { name: "median life of a brief connection", value: life, unit: "ns" },
      ],
      requests: [],
      costNs: lives.reduce((sum, each) => sum + each, 0),
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const findings = context.nodes.flatMap((node) => finding(context, node));
  if (findings.length > 0) return { verdict: "found", findings };
  return { verdict: "not found", reason: `in no second ${noticeRate} connections or more came for ${fewRequests} requests or fewer` };
}

const connectionStorm: Diagnosis = {
  id: "connection-storm",
  title: "Connections for one request each",
  version: 1,
  needs: ["connection_open", "connection_close", "call_command_end"],
  view: "netflow",
  explanation: `A connection costs the main thread accept, registration, buffers, freeing and close, some 20 to 50 µs, as much as twenty or more commands; the client pays at least one round
trip more, with TLS several and a few milliseconds of processor.

Decided from connections that were both opened and closed while recorded and carried at most three requests (a handshake such as AUTH and SELECT, and one command). 100 of them in one second
are a warning; critical from 2 000, when they also carry half of the requests: several per cent of the core that serves everybody go into shaking hands.`,
  check,
};

export default connectionStorm;
