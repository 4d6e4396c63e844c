/**
 * How bad a cost is, one scale for all diagnoses whose cost is time:
 *
 *     longest stop of a request     10 ms warning, 100 ms critical
 *     part of all requests' lives   20 %  warning, 50 %   critical
 *
 * 10 ms is what Redis' own slow log begins at (slowlog-log-slower-than 10000), some fifty times a usual request on a local network; 100 ms is the threshold
 * that the documentation of its latency monitor uses, and what a person notices. The parts say that a fifth, or most, of the time clients wait
 * for Redis has one cause; below ten milliseconds in sum nobody has lost anything, so parts of less than that do not count.
 */
import { count, duration } from "../base/index.ts";
import type { Cost, Measure, Severity } from "./contract.ts";

export const noticeNs = 10_000_000;
export const alarmNs = 100_000_000;
const noticeShare = 0.2;
const alarmShare = 0.5;

/** Longest stop: measured, or the length of the longest hold where those who waited for it came unseen. */
function longestStop(cost: Cost): number {
  return cost.unseen > 0 ? Math.max(cost.longestWaitNs, cost.longestHold.end - cost.longestHold.start) : cost.longestWaitNs;
}

/** Undefined: too little to speak of. */
export function severityOf(cost: Cost): Severity | undefined {
  const stop = longestStop(cost);
  if (stop >= alarmNs || (cost.share >= alarmShare && cost.waitedNs >= alarmNs)) return "critical";
  if (stop >= noticeNs || (cost.share >= noticeShare && cost.waitedNs >= noticeNs)) return "warning";
  return undefined;
}

/** `n thing`, in the plural where it is not one. */
export function plural(n: number, thing: string, things = `${thing}s`): string {
  return `${count(n)} ${n === 1 ? thing : things}`;
}

export const percent = (part: number): string => `${(part * 100).toFixed(part < 0.0995 ? 1 : 0)} %`;

/** The sentence that says what it cost others. */
export function costSentence(cost: Cost, others: string): string {
  const seen =
    cost.delayed === 0
      ? ""
      : `${plural(cost.delayed, others, `${others}s`)} stood still meanwhile, for up to ${duration(cost.longestWaitNs)} and ${duration(cost.waitedNs)} in all (${percent(cost.share)} of the time that requests took).`;
  const unseen =
    cost.unseen === 0
      ? ""
      : `${plural(cost.unseen, "request")} had come unnoticed when the event loop polled again, after up to ${duration(cost.longestHold.end - cost.longestHold.start)}.`;
  return [seen, unseen].filter((text) => text !== "").join(" ");
}

/** The numbers of a cost. */
export function costMeasures(cost: Cost): readonly Measure[] {
  return [
    { name: "holds", value: cost.holds, unit: "count" },
    { name: "held", value: cost.heldNs, unit: "ns" },
    { name: "longest hold", value: cost.longestHold.end - cost.longestHold.start, unit: "ns" },
    { name: "requests delayed", value: cost.delayed, unit: "count" },
    { name: "waited", value: cost.waitedNs, unit: "ns" },
    { name: "longest wait", value: cost.longestWaitNs, unit: "ns" },
    { name: "part of all requests' time", value: cost.share, unit: "ratio" },
    { name: "requests that came unseen", value: cost.unseen, unit: "count" },
  ];
}
