/**
 * How much time each value has in each column of a row, and so which value is the dominant one. Rows may be summed by turns (`select`).
 *
 * Amounts are gathered for one column at a time (a *visit*), in two tables that forget at once by raising an epoch: an array by value code for small codes
 * (the texts of a history and small numbers), a hash table for all other numbers. Leaving the column writes its amounts out as parts. A column visited once,
 * which is nearly every one, finds its dominant value by a scan of its parts; the parts of several visits are added up first.
 *
 * In a row that is not exact, large numbers are taken to ascend within a visit, and those of a column's visits not to mix: then none comes twice, and of a
 * whole visit only the range of its numbers and the one with the most time are kept (an *ascent*). Where they do not, the row is wrong, and takes no more.
 */
import type { StateValue } from "./contract.ts";
import { numberKind, textKind } from "./leaf.ts";

/** Codes (2 * text id, or 2 * n + 1: see leaf.ts) below this are array indices. */
export const directCodes = 1 << 16;

/** Numbers of a visit, each greater than the one before. */
interface Ascent {
  readonly column: number;
  readonly least: number;
  readonly greatest: number;
  /** The one with the most time, and how much, in ns. */
  readonly best: number;
  readonly amount: number;
}

/** What a row has gathered: its visits (which column, and where its parts begin), their parts and ascents. Made by `ColumnValues.row`, read by it alone. */
class RowParts {
  readonly isExact: boolean;
  isWrong = false;
  readonly ascents: Ascent[] = [];
  readonly visitColumns: number[] = [];
  readonly visitFirsts: number[] = [];
  scalars = new Float64Array(64);
  amounts = new Float64Array(64);
  kinds = new Uint8Array(64);
  count = 0;

  constructor(isExact: boolean) {
    this.isExact = isExact;
  }
}

export type { RowParts };

/** -0 counts as 0 here. What has no code, or too large a one, has `directCodes` or more. */
function codeOf(kind: number, scalar: number): number {
  return scalar >>> 0 === scalar ? 2 * scalar + (kind === textKind ? 0 : 1) : directCodes;
}

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
  /** The visit's ascent so far: greatest is -Infinity while there is none. */
  private greatest = Number.NEGATIVE_INFINITY;
  private least = 0;
  private best = 0;
  private bestAmount = -1;
  private readonly double = new Float64Array(1);
  private readonly words = new Uint32Array(this.double.buffer);
  private column = -1;
  /** The selected row, and its parts. */
  private selected = new RowParts(true);
  private partScalars = this.selected.scalars;
  private partAmounts = this.selected.amounts;
  private partKinds = this.selected.kinds;
  private parts = 0;

  /** A new row, without amounts. */
  row(isExact: boolean): RowParts {
    return new RowParts(isExact);
  }

  /** Of the selected row. */
  get isExact(): boolean {
    return this.selected.isExact;
  }

  /** True once the selected row's numbers did not ascend: it need not be given any more. */
  get isWrong(): boolean {
    return this.selected.isWrong;
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
    const code = codeOf(kind, scalar);
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
    if (this.selected.isExact) this.addHashed(numberKind, scalar, amount);
    else this.addAscent(scalar, scalar, scalar, amount);
  }

  /** Adds numbers from `least` to `greatest` of which none comes twice; `best` has the most time, and of several the least. Not to an exact row. */
  addAscent(least: number, greatest: number, best: number, amount: number): void {
    // NaN is not greater than anything.
    if (!(least > this.greatest)) {
      this.selected.isWrong = true;
      return;
    }
    if (this.greatest === Number.NEGATIVE_INFINITY) this.least = least;
    this.greatest = greatest;
    if (amount > this.bestAmount) {
      this.best = best;
      this.bestAmount = amount;
    }
  }

  /** Whether the selected row's ascents mix neither with each other nor with its parts, so that no number of them comes twice. */
  isSure(): boolean {
    this.leave();
    const { selected } = this;
    const { ascents, visitColumns } = selected;
    if (selected.isWrong) return false;
    if (ascents.length === 0) return true;
    ascents.sort((left, right) => left.column - right.column || left.least - right.least);
    const firsts = new Map<number, number>();
    for (const [i, { column, least }] of ascents.entries()) {
      const before = ascents[i - 1];
      if (before === undefined || before.column !== column) firsts.set(column, i);
      else if (!(least > before.greatest)) return false;
    }
    for (const [visit, column] of visitColumns.entries()) {
      const first = firsts.get(column);
      if (first === undefined) continue;
      const past = this.firstPart(visit + 1);
      for (let part = this.firstPart(visit); part < past; part++) {
        if (this.partKinds[part] !== numberKind) continue;
        const scalar = this.partScalars[part] as number;
        for (let i = first; ascents[i]?.column === column; i++) {
          const { least, greatest } = ascents[i] as Ascent;
          if (scalar >= least && scalar <= greatest) return false;
        }
      }
    }
    return true;
  }

  /**
   * Fills in the dominant value of each column of the selected row, which must be sure, as an index into the returned values. Ties go to texts before numbers,
   * then to the lower text id, then to the smaller number, NaN last.
   */
  dominant(into: Int32Array, text: (id: number) => string): StateValue[] {
    this.leave();
    // An ascent is a part like any other by now.
    for (const { column, best, amount } of this.selected.ascents.splice(0)) this.addPart(column, best, amount);
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
    this.greatest = Number.NEGATIVE_INFINITY;
    this.bestAmount = -1;
  }

  /** Writes the visit's amounts out as parts, and ends it. */
  private leave(): void {
    if (this.column < 0) return;
    if (this.touched.length + this.hashTouched.length > 0) {
      this.selected.visitColumns.push(this.column);
      this.selected.visitFirsts.push(this.parts);
      this.writeParts();
    }
    if (this.greatest !== Number.NEGATIVE_INFINITY) {
      const { column, least, greatest, best, bestAmount: amount } = this;
      this.selected.ascents.push({ column, least, greatest, best, amount });
    }
    this.column = -1;
  }

  /** Adds a part as a visit of its own. */
  private addPart(column: number, scalar: number, amount: number): void {
    this.selected.visitColumns.push(column);
    this.selected.visitFirsts.push(this.parts);
    if (this.parts === this.partScalars.length) this.growParts(2 * this.parts);
    this.partScalars[this.parts] = scalar;
    this.partKinds[this.parts] = numberKind;
    this.partAmounts[this.parts++] = amount;
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
        const kind = this.partKinds[part] as number;
        const scalar = this.partScalars[part] as number;
        if (codeOf(kind, scalar) < directCodes) this.add(kind, scalar, this.partAmounts[part] as number);
        else this.addHashed(kind, scalar, this.partAmounts[part] as number);
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
