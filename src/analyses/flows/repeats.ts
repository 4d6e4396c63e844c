/**
 * Repeats: calls whose callee said to ask somebody else, and the call by which the caller did. Callers follow redirects in the context of the first call, so
 * among the calls of one context the repeat is known by its name, its length and where it goes:
 *
 *     context     |----------------------------------------------------------|
 *     call              |==== sent elsewhere ====|
 *     its repeat                                  |== to where that said ==|
 *
 * It is the first that fits within `patienceNs` after the answer was read. When another fits that began before that one was over, or another redirect may be
 * followed by it as well, it is not known which is which: none is joined.
 *
 * The callee may tell of its answer after the caller has followed it, so calls are kept for a while and each redirect is decided when the time is over.
 */
import type { RelativeNs } from "../../base/index.ts";
import type { TableBuilder } from "../../state/contract.ts";
import { none, repeatColumns } from "./keys.ts";

const patienceNs = 1e9;
/** Calls of one name and length in one context that are kept: with more it is a loop, whose redirects are not told apart. */
const mostAlike = 1000;

/** A call, as far as it matters here. Some of it is known later. */
export interface RepeatableCall {
  readonly id: number;
  readonly parent: number;
  readonly name: number;
  /** Bytes of it; negative where unknown. */
  readonly length: number;
  /** Where its connection leads. */
  readonly address: string;
  readonly start: RelativeNs;
  /** The callee's request. */
  request: number;
  /** When its answer was read; infinite before. */
  ended: RelativeNs;
  /** Where its callee said to ask; empty where it did not. */
  target: string;
}

export class Repeats {
  private readonly table: TableBuilder;
  private readonly flowOf: (span: number) => number;
  private readonly row = new Float64Array(repeatColumns.length);
  private readonly alike = new Map<string, RepeatableCall[]>();
  /** In order of their starts: to be forgotten. */
  private kept: RepeatableCall[] = [];
  private firstKept = 0;
  /** Redirected and read, in the order in which that was known. */
  private readonly undecided = new Set<RepeatableCall>();

  /** `flowOf` gives the root of a span. */
  constructor(table: TableBuilder, flowOf: (span: number) => number) {
    this.table = table;
    this.flowOf = flowOf;
  }

  called(call: RepeatableCall): void {
    if (call.parent === none || call.length < 0) return;
    const key = keyOf(call);
    const alike = this.alike.get(key);
    if (alike === undefined) this.alike.set(key, [call]);
    else alike.push(call);
    this.kept.push(call);
    this.advance(call.start);
  }

  /** It was sent elsewhere and its answer has been read. */
  redirected(call: RepeatableCall): void {
    this.undecided.add(call);
  }

  /** Decides what can be decided by now, and forgets what nothing can come of. */
  private advance(now: RelativeNs): void {
    for (const call of this.undecided) {
      if (call.ended + patienceNs > now) break;
      this.decide(call);
    }
    while (this.firstKept < this.kept.length) {
      const call = this.kept[this.firstKept] as RepeatableCall;
      const isUnderWay = call.target === "" ? call.start + 2 * patienceNs > now : call.ended + 2 * patienceNs > now;
      if (isUnderWay) break;
      this.firstKept++;
      const key = keyOf(call);
      const alike = this.alike.get(key) ?? [];
      alike.splice(alike.indexOf(call), 1);
      if (alike.length === 0) this.alike.delete(key);
    }
    if (this.firstKept > 10_000 && this.firstKept * 2 > this.kept.length) {
      this.kept = this.kept.slice(this.firstKept);
      this.firstKept = 0;
    }
  }

  private decide(call: RepeatableCall): void {
    this.undecided.delete(call);
    const alike = this.alike.get(keyOf(call)) ?? [];
    const repeat = alike.length > mostAlike ? undefined : followerOf(call, alike);
    const isSure =
      repeat !== undefined &&
      !alike.some(
        (other) => other !== repeat && other.address === repeat.address && other.start >= call.ended && other.start < repeat.ended,
      ) &&
      !alike.some((other) => other !== call && other.target === call.target && followerOf(other, alike) === repeat);
    const found = isSure ? repeat : undefined;
    const { row } = this;
    row[0] = call.id;
    row[1] = found?.id ?? none;
    row[2] = this.flowOf(call.id);
    row[3] = call.request;
    row[4] = found?.request ?? none;
    row[5] = call.start;
    row[6] = found?.start ?? Number.POSITIVE_INFINITY;
    this.table.append(row);
  }

  finish(): void {
    for (const call of this.undecided) this.decide(call);
  }
}

const keyOf = ({ parent, name, length }: RepeatableCall): string => `${parent} ${name} ${length}`;

/** The first call that may follow this one, of those alike. */
function followerOf(call: RepeatableCall, alike: readonly RepeatableCall[]): RepeatableCall | undefined {
  let first: RepeatableCall | undefined;
  for (const other of alike) {
    if (other.address !== call.target || other.start < call.ended || other.start > call.ended + patienceNs) continue;
    if (first === undefined || other.start < first.start) first = other;
  }
  return first;
}
