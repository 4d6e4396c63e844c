/** The writing side of the state history: current state per attribute, turned into intervals as it changes. See contract.ts for the rules. */
import { assert, type RelativeNs } from "../base/index.ts";
import { Attributes } from "./attributes.ts";
import type { Quark, StateBuilder, StateValue } from "./contract.ts";
import { numberKind, textKind } from "./leaf.ts";
import type { IntervalStage } from "./packer.ts";
import type { TextWriter } from "./texts.ts";

/** Kind of an attribute that has no state now. */
const noState = 2;

export class StateWriter implements StateBuilder {
  readonly attributes: Attributes;
  private readonly texts: TextWriter;
  private readonly intervals: IntervalStage;
  /** Per quark: since when, what. Time of the last change also where there is no state. */
  private since = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);
  private values = new Float64Array(1024);
  private kinds = new Uint8Array(1024).fill(noState);
  /** Attributes whose numbers are ids, by id space. */
  readonly ids = new Map<string, Set<Quark>>();

  constructor(texts: TextWriter, intervals: IntervalStage) {
    this.texts = texts;
    this.intervals = intervals;
    this.attributes = new Attributes(texts);
  }

  child(parent: Quark, name: string): Quark {
    const quark = this.attributes.child(parent, this.texts.intern(name));
    if (quark >= this.since.length) this.grow();
    return quark;
  }

  intern(text: string): number {
    return this.texts.intern(text);
  }

  set(time: RelativeNs, quark: Quark, value: StateValue): void {
    if (value === undefined) this.change(time, quark, 0, noState);
    else if (typeof value === "number") this.change(time, quark, value, numberKind);
    else this.change(time, quark, this.texts.intern(value), textKind);
  }

  setText(time: RelativeNs, quark: Quark, text: number): void {
    this.checkText(text);
    this.change(time, quark, text, textKind);
  }

  setNumber(time: RelativeNs, quark: Quark, value: number): void {
    this.change(time, quark, value, numberKind);
  }

  clear(time: RelativeNs, quark: Quark): void {
    this.change(time, quark, 0, noState);
  }

  holdsIds(quark: Quark, space: string): void {
    assert(quark >= 0 && quark < this.attributes.count, "an attribute that child() did not give");
    const quarks = this.ids.get(space);
    if (quarks === undefined) this.ids.set(space, new Set([quark]));
    else quarks.add(quark);
  }

  insertText(start: RelativeNs, end: RelativeNs, quark: Quark, text: number): void {
    this.checkText(text);
    this.insert(start, end, quark, text, textKind);
  }

  insertNumber(start: RelativeNs, end: RelativeNs, quark: Quark, value: number): void {
    this.insert(start, end, quark, value, numberKind);
  }

  /** Ends all open states at `end` (or where they began, when that is later), and hands over the last intervals. */
  closeAll(end: RelativeNs): void {
    const { count } = this.attributes;
    for (let quark = 0; quark < count; quark++) {
      if (this.kinds[quark] !== noState) this.change(Math.max(end, this.since[quark] as number), quark, 0, noState);
    }
    this.intervals.flush();
  }

  private checkText(text: number): void {
    assert(text >= 0 && text < this.texts.count, "a text id that intern() did not give");
  }

  private insert(start: RelativeNs, end: RelativeNs, quark: Quark, value: number, kind: number): void {
    // False for NaN and infinities, too.
    assert(end - start >= 0 && end - start < Number.POSITIVE_INFINITY, "an interval that ends before it starts, or never");
    assert(quark >= 0 && quark < this.attributes.count, "an attribute that child() did not give");
    this.intervals.add(quark, start, end, value, kind);
  }

  private change(time: RelativeNs, quark: Quark, value: number, kind: number): void {
    const since = this.since[quark] as number;
    assert(quark >= 0 && quark < this.attributes.count, "an attribute that child() did not give");
    assert(time >= since && Number.isFinite(time), "the set times of an attribute decrease, or are not finite");
    const before = this.kinds[quark] as number;
    if (before === kind && (kind === noState || Object.is(this.values[quark], value))) return;
    if (before !== noState && time > since) this.intervals.add(quark, since, time, this.values[quark] as number, before);
    this.since[quark] = time;
    this.values[quark] = value;
    this.kinds[quark] = kind;
  }

  private grow(): void {
    const size = this.since.length * 2;
    const since = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    const values = new Float64Array(size);
    const kinds = new Uint8Array(size).fill(noState);
    since.set(this.since);
    values.set(this.values);
    kinds.set(this.kinds);
    this.since = since;
    this.values = values;
    this.kinds = kinds;
  }
}
