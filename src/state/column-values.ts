/**
 * How much time each value has in each column of a row, and so which value is the dominant one. Rows may be summed by turns (`select`).
 *
 * Amounts are gathered for one column at a time (a *visit*), in two tables that forget at once by raising an epoch: an array by value code for small codes
 * (the texts of a history and small numbers), a hash table for all other numbers. Leaving the column writes its amounts out as parts. Large numbers are parts at
 * once, without a table, as long as each is greater than the one before, as ids and counters are: then none comes twice in the visit. A column visited once,
 * which is nearly every one, finds its dominant value by a scan of its parts; the parts of several visits are added up first.
 */
import type { StateValue } from "./contract.ts";
import { numberKind, textKind } from "./leaf.ts";

/** Codes (2 * text id, or 2 * n + 1: see leaf.ts) below this are array indices. */
export const directCodes = 1 << 16;

/** What a row has gathered: its visits (which column, and where its parts begin) and their parts. Made by `ColumnValues.row`, read by it alone. */
class RowParts {
  readonly visitColumns: number[] = [];
  readonly visitFirsts: number[] = [];
  scalars = new Float64Array(64);
  amounts = new Float64Array(64);
  kinds = new Uint8Array(64);
  count = 0;
}

export type { RowParts };

export class ColumnValues {
  /** By code, for codes below `directCodes`. A stamp other than the epoch means: no amount in this visit. Hot loops use these two with `touch`. */
  readonly amounts = new Float64Array(directCodes);
  readonly stamps = new Uint32Array(directCodes);
  epoch = 0;
  private readonly touched: number[] = [];
  /** The hash table: open addressing, a power of two of slots. */
  private hashScalars = new Float64Array(1024);
  private hashAmounts = new Float64Array(1024);
  private hashKinds = new Uint8Array(1024);
  private hashStamps = new Uint32Array(1024);
  private readonly hashTouched: number[] = [];
  /** Large numbers of the visit so far have ascended to this: parts from `ascentFirst` on. Infinite once one did not. */
  private ascended = Number.NEGATIVE_INFINITY;
  private ascentFirst = 0;
  private readonly double = new Float64Array(1);
  private readonly words = new Uint32Array(this.double.buffer);
  private column = -1;
  /** The selected row, and its parts. */
  private selected = new RowParts();
  private partScalars = this.selected.scalars;
  private partAmounts = this.selected.amounts;
  private partKinds = this.selected.kinds;
  private parts = 0;

  /** A new row, without amounts. */
  row(): RowParts {
    return new RowParts();
  }

  /** Makes the row the one that amounts are added to; the visit of another row's column ends. */
  select(row: RowParts): void {
    if (row === this.selected) return;
    this.leave();
    const { selected } = this;
    selected.scalars = this.partScalars;
    selected.amounts = this.partAmounts;
    selected.kinds = this.partKinds;
    selected.count = this.parts;
    this.selected = row;
    this.partScalars = row.scalars;
    this.partAmounts = row.amounts;
    this.partKinds = row.kinds;
    this.parts = row.count;
  }

  /** Makes the column the one that amounts are added to. */
  enter(column: number): void {
    if (column === this.column) return;
    this.leave();
    this.column = column;
    this.forget();
  }

  /** Notes that the visit has an amount for this code, from now on in `amounts`. Once per code and visit. */
  touch(code: number): void {
    this.stamps[code] = this.epoch;
    this.touched.push(code);
  }

  add(kind: number, scalar: number, amount: number): void {
    // -0 counts as 0 here.
    const code = scalar >>> 0 === scalar ? 2 * scalar + (kind === textKind ? 0 : 1) : directCodes;
    if (code < directCodes) {
      if (this.stamps[code] === this.epoch) this.amounts[code] = (this.amounts[code] as number) + amount;
      else {
        this.touch(code);
        this.amounts[code] = amount;
      }
    } else if (kind === numberKind) this.addLarge(scalar, amount);
    else this.addHashed(kind, scalar, amount);
  }

  /** Adds the value of a code of `directCodes` or more. */
  addCode(code: number, amount: number): void {
    if ((code & 1) === 1) this.addLarge(code >>> 1, amount);
    else this.addHashed(textKind, code >>> 1, amount);
  }

  /** Adds a number that has no code below `directCodes`. */
  addLarge(scalar: number, amount: number): void {
    if (!(scalar > this.ascended)) {
      this.addAgain(scalar, amount);
      return;
    }
    const part = this.parts;
    if (part === this.partScalars.length) this.growParts(2 * part);
    this.partScalars[part] = scalar;
    this.partAmounts[part] = amount;
    this.partKinds[part] = numberKind;
    this.parts = part + 1;
    this.ascended = scalar;
  }

  /**
   * Fills in the dominant value of each column of the selected row as an index into the returned values. Ties go to texts before numbers, then to the lower text id, then to the
   * smaller number, NaN last.
   */
  dominant(into: Int32Array, text: (id: number) => string): StateValue[] {
    this.leave();
    const values: StateValue[] = [];
    const indices: [texts: Map<number, number>, numbers: Map<number, number>] = [new Map(), new Map()];
    // The visits of each column, as lists.
    const visits = this.selected.visitColumns.length;
    const heads = new Int32Array(into.length).fill(-1);
    const nexts = new Int32Array(visits);
    for (let visit = visits - 1; visit >= 0; visit--) {
      const column = this.selected.visitColumns[visit] as number;
      nexts[visit] = heads[column] as number;
      heads[column] = visit;
    }
    for (let column = 0; column < into.length; column++) {
      const head = heads[column] as number;
      if (head < 0) continue;
      const best = nexts[head] === -1 ? this.bestPart(this.firstPart(head), this.firstPart(head + 1)) : this.bestOfVisits(head, nexts);
      const kind = this.partKinds[best] as number;
      const scalar = this.partScalars[best] as number;
      const known = indices[kind === textKind ? 0 : 1];
      let index = known.get(scalar);
      if (index === undefined) {
        index = values.push(kind === textKind ? text(scalar) : scalar) - 1;
        known.set(scalar, index);
      }
      into[column] = index;
    }
    return values;
  }

  private forget(): void {
    this.epoch++;
    this.touched.length = 0;
    this.hashTouched.length = 0;
    this.ascended = Number.NEGATIVE_INFINITY;
    this.ascentFirst = this.parts;
  }

  /** Writes the visit's amounts out as parts, and ends it. */
  private leave(): void {
    if (this.column < 0) return;
    this.selected.visitColumns.push(this.column);
    this.selected.visitFirsts.push(this.ascentFirst);
    this.writeParts();
    this.column = -1;
  }

  private writeParts(): void {
    const { touched, hashTouched } = this;
    const needed = this.parts + touched.length + hashTouched.length;
    if (needed > this.partScalars.length) this.growParts(Math.max(needed, 2 * this.partScalars.length));
    let part = this.parts;
    for (const code of touched) {
      this.partScalars[part] = code >>> 1;
      this.partKinds[part] = (code & 1) === 0 ? textKind : numberKind;
      this.partAmounts[part++] = this.amounts[code] as number;
    }
    for (const slot of hashTouched) {
      this.partScalars[part] = this.hashScalars[slot] as number;
      this.partKinds[part] = this.hashKinds[slot] as number;
      this.partAmounts[part++] = this.hashAmounts[slot] as number;
    }
    this.parts = part;
  }

  /** Where the visit's parts begin; for the number of visits: where all end. */
  private firstPart(visit: number): number {
    return this.selected.visitFirsts[visit] ?? this.parts;
  }

  /** Adds up the parts of several visits, as parts after the last, and returns the best of them; it stays until the next call. */
  private bestOfVisits(head: number, nexts: Int32Array): number {
    const end = this.parts;
    this.forget();
    for (let visit = head; visit >= 0; visit = nexts[visit] as number) {
      // The last visit's parts end where those that are made here begin.
      const past = Math.min(end, this.firstPart(visit + 1));
      for (let part = this.firstPart(visit); part < past; part++) {
        this.add(this.partKinds[part] as number, this.partScalars[part] as number, this.partAmounts[part] as number);
      }
    }
    this.writeParts();
    const best = this.bestPart(end, this.parts);
    this.parts = end;
    return best;
  }

  private bestPart(first: number, past: number): number {
    let best = first;
    for (let part = first + 1; part < past; part++) {
      const amount = this.partAmounts[part] as number;
      const most = this.partAmounts[best] as number;
      if (amount > most || (amount === most && this.precedes(part, best))) best = part;
    }
    return best;
  }

  private precedes(a: number, b: number): boolean {
    const kind = this.partKinds[a] as number;
    if (kind !== this.partKinds[b]) return kind === textKind;
    const other = this.partScalars[b] as number;
    return (this.partScalars[a] as number) < other || Number.isNaN(other);
  }

  /** Adds a large number that may have come before in the visit. */
  private addAgain(scalar: number, amount: number): void {
    const end = this.parts;
    // The parts of the ascent go to the hash table.
    this.ascended = Number.POSITIVE_INFINITY;
    this.parts = this.ascentFirst;
    for (let part = this.ascentFirst; part < end; part++)
      this.addHashed(numberKind, this.partScalars[part] as number, this.partAmounts[part] as number);
    this.addHashed(numberKind, scalar, amount);
  }

  private addHashed(kind: number, scalar: number, amount: number): void {
    if (2 * this.hashTouched.length >= this.hashScalars.length) this.growHash();
    const { hashScalars, hashKinds, hashStamps, epoch } = this;
    const mask = hashScalars.length - 1;
    this.double[0] = scalar;
    let hash = Math.imul((this.words[0] as number) ^ Math.imul((this.words[1] as number) + kind, 0x85ebca77), 0x9e3779b1);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      if (hashStamps[slot] !== epoch) {
        hashStamps[slot] = epoch;
        hashScalars[slot] = scalar;
        hashKinds[slot] = kind;
        this.hashAmounts[slot] = amount;
        this.hashTouched.push(slot);
        return;
      }
      if (Object.is(hashScalars[slot], scalar) && hashKinds[slot] === kind) {
        this.hashAmounts[slot] = (this.hashAmounts[slot] as number) + amount;
        return;
      }
    }
  }

  private growHash(): void {
    const { hashScalars, hashKinds, hashAmounts, hashTouched } = this;
    const size = 2 * hashScalars.length;
    this.hashScalars = new Float64Array(size);
    this.hashAmounts = new Float64Array(size);
    this.hashKinds = new Uint8Array(size);
    this.hashStamps = new Uint32Array(size);
    for (const slot of hashTouched.splice(0))
      this.addHashed(hashKinds[slot] as number, hashScalars[slot] as number, hashAmounts[slot] as number);
  }

  private growParts(size: number): void {
    const scalars = new Float64Array(size);
    const amounts = new Float64Array(size);
    const kinds = new Uint8Array(size);
    scalars.set(this.partScalars);
    amounts.set(this.partAmounts);
    kinds.set(this.partKinds);
    this.partScalars = scalars;
    this.partAmounts = amounts;
    this.partKinds = kinds;
  }
}
