/**
 * How much time each value has in each column of a row, and so which value is the dominant one. Rows may be summed by turns (`select`).
 *
 * Amounts are gathered for one column at a time (a *visit*), in two tables that forget at once by raising an epoch: an array by value code for small codes
 * (the texts of a history and small numbers), a hash table for all other numbers. Leaving the column writes its amounts out as parts, those of all rows into one
 * list. A column visited once, which is nearly every one, finds its dominant value by a scan of its parts; the parts of several visits are added up first.
 *
 * In a row that is not exact, large numbers are taken to ascend within a visit, and those of a column's visits not to mix: then none comes twice, and of a
 * whole visit only the range of its numbers and the one with the most time are kept (an *ascent*). Where they do not, the row is wrong, and takes no more.
 */
import type { StateValue } from "./contract.ts";
import { directCodes, numberKind, textKind } from "./leaf.ts";

/** Room for parts, 17 bytes each, and for visits, 8 bytes each, that is kept for the next rows. */
const keptParts = 1 << 20;

/** Numbers of a visit, each greater than the one before. */
interface Ascent {
  readonly column: number;
  readonly least: number;
  readonly greatest: number;
  /** The one with the most time, and how much, in ns. */
  readonly best: number;
  readonly amount: number;
}

/** What a row has gathered: by column, the last visit of it that wrote parts (-1: none), and its ascents. Made by `ColumnValues.row`, read by it alone. */
class RowParts {
  readonly isExact: boolean;
  isWrong = false;
  readonly ascents: Ascent[] = [];
  readonly visits: Int32Array;

  constructor(isExact: boolean, columns: number) {
    this.isExact = isExact;
    this.visits = new Int32Array(columns).fill(-1);
  }
}

export type { RowParts };

/** -0 counts as 0 here. What has no code, or too large a one, has `directCodes` or more. */
function codeOf(kind: number, scalar: number): number {
  return scalar >>> 0 === scalar ? 2 * scalar + (kind === textKind ? 0 : 1) : directCodes;
}

export class ColumnValues {
  /** By code, for codes below `directCodes`. A stamp other than the epoch means: no amount in this visit. */
  private readonly amounts = new Float64Array(directCodes);
  private readonly stamps = new Uint32Array(directCodes);
  private epoch = 0;
  private readonly touched = new Uint32Array(directCodes);
  private touchedCount = 0;
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
  private selected = new RowParts(true, 0);
  /** Visit v wrote the parts visitFirsts[v] .. visitFirsts[v + 1] - 1; the same row's visit of the same column before it is visitBefore[v], -1 if none. */
  private visitFirsts = new Uint32Array(1024);
  private visitBefore = new Int32Array(1024);
  private visits = 0;
  private partScalars = new Float64Array(4096);
  private partAmounts = new Float64Array(4096);
  private partKinds = new Uint8Array(4096);
  private parts = 0;

  /** A new row of so many columns, without amounts. */
  row(isExact: boolean, columns: number): RowParts {
    return new RowParts(isExact, columns);
  }

  /** Forgets all rows: they are no longer to be used. */
  clear(): void {
    this.column = -1;
    this.selected = new RowParts(true, 0);
    this.visits = 0;
    this.parts = 0;
    if (this.visitFirsts.length > keptParts) {
      this.visitFirsts = new Uint32Array(keptParts);
      this.visitBefore = new Int32Array(keptParts);
    }
    if (this.partScalars.length <= keptParts) return;
    this.partScalars = new Float64Array(keptParts);
    this.partAmounts = new Float64Array(keptParts);
    this.partKinds = new Uint8Array(keptParts);
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
    this.selected = row;
  }

  /** Makes the column the one that amounts are added to. */
  enter(column: number): void {
    if (column === this.column) return;
    this.leave();
    this.column = column;
    this.forget();
  }

  /** Adds the value of a code below `directCodes`. */
  addSmall(code: number, amount: number): void {
    if (this.stamps[code] === this.epoch) this.amounts[code] = (this.amounts[code] as number) + amount;
    else {
      this.stamps[code] = this.epoch;
      this.touched[this.touchedCount++] = code;
      this.amounts[code] = amount;
    }
  }

  add(kind: number, scalar: number, amount: number): void {
    const code = codeOf(kind, scalar);
    if (code < directCodes) this.addSmall(code, amount);
    else if (kind === numberKind) this.addLarge(scalar, amount);
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
    const { ascents, visits, isWrong } = this.selected;
    if (isWrong) return false;
    ascents.sort((left, right) => left.column - right.column || left.least - right.least);
    for (const [i, { column, least }] of ascents.entries()) {
      const before = ascents[i - 1];
      if (before?.column === column && !(least > before.greatest)) return false;
    }
    return ascents.every(({ column, least, greatest }) => {
      for (let visit = visits[column] as number; visit >= 0; visit = this.visitBefore[visit] as number) {
        const past = this.pastPart(visit);
        for (let part = this.visitFirsts[visit] as number; part < past; part++) {
          const scalar = this.partScalars[part] as number;
          if (this.partKinds[part] === numberKind && scalar >= least && scalar <= greatest) return false;
        }
      }
      return true;
    });
  }

  /**
   * Fills in the dominant value of each column of the selected row, which must be sure, as an index into the returned values. Ties go to texts before numbers,
   * then to the lower text id, then to the smaller number, NaN last.
   */
  dominant(into: Int32Array, text: (id: number) => string): StateValue[] {
    this.leave();
    // An ascent is a part like any other by now.
    for (const { column, best, amount } of this.selected.ascents.splice(0)) {
      this.beginVisit(column);
      this.reserveParts(1);
      this.writePart(numberKind, best, amount);
    }
    const values: StateValue[] = [];
    const indices: [texts: Map<number, number>, numbers: Map<number, number>] = [new Map(), new Map()];
    for (let column = 0; column < into.length; column++) {
      const visit = this.selected.visits[column] as number;
      if (visit < 0) continue;
      const best =
        this.visitBefore[visit] === -1 ? this.bestPart(this.visitFirsts[visit] as number, this.pastPart(visit)) : this.bestOfVisits(visit);
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
    this.touchedCount = 0;
    if (this.hashTouched.length > 0) this.hashTouched.length = 0;
    this.greatest = Number.NEGATIVE_INFINITY;
    this.bestAmount = -1;
  }

  /** Writes the visit's amounts out as parts, and ends it. */
  private leave(): void {
    if (this.column < 0) return;
    if (this.touchedCount + this.hashTouched.length > 0) {
      this.beginVisit(this.column);
      this.writeParts();
    }
    if (this.greatest !== Number.NEGATIVE_INFINITY) {
      const { column, least, greatest, best, bestAmount: amount } = this;
      this.selected.ascents.push({ column, least, greatest, best, amount });
    }
    this.column = -1;
  }

  /** The parts written from here on are those of a new visit of the selected row. */
  private beginVisit(column: number): void {
    if (this.visits === this.visitFirsts.length) {
      this.visitFirsts = grown(this.visitFirsts, new Uint32Array(2 * this.visits));
      this.visitBefore = grown(this.visitBefore, new Int32Array(2 * this.visits));
    }
    const { visits } = this.selected;
    this.visitFirsts[this.visits] = this.parts;
    this.visitBefore[this.visits] = visits[column] as number;
    visits[column] = this.visits++;
  }

  private writeParts(): void {
    this.reserveParts(this.touchedCount + this.hashTouched.length);
    const { touched, touchedCount, amounts, partScalars, partAmounts, partKinds } = this;
    let part = this.parts;
    for (let i = 0; i < touchedCount; i++, part++) {
      const code = touched[i] as number;
      partScalars[part] = code >>> 1;
      partKinds[part] = (code & 1) === 0 ? textKind : numberKind;
      partAmounts[part] = amounts[code] as number;
    }
    this.parts = part;
    for (const slot of this.hashTouched)
      this.writePart(this.hashKinds[slot] as number, this.hashScalars[slot] as number, this.hashAmounts[slot] as number);
  }

  /** There must be room. */
  private writePart(kind: number, scalar: number, amount: number): void {
    this.partKinds[this.parts] = kind;
    this.partScalars[this.parts] = scalar;
    this.partAmounts[this.parts++] = amount;
  }

  /** Where the visit's parts end. */
  private pastPart(visit: number): number {
    return visit + 1 < this.visits ? (this.visitFirsts[visit + 1] as number) : this.parts;
  }

  /** Adds up the parts of a visit and those before it of the same column, as parts after the last, and returns the best of them; it stays until the next call. */
  private bestOfVisits(last: number): number {
    const end = this.parts;
    this.forget();
    for (let visit = last; visit >= 0; visit = this.visitBefore[visit] as number) {
      const past = this.pastPart(visit);
      for (let part = this.visitFirsts[visit] as number; part < past; part++) {
        const kind = this.partKinds[part] as number;
        const scalar = this.partScalars[part] as number;
        const code = codeOf(kind, scalar);
        if (code < directCodes) this.addSmall(code, this.partAmounts[part] as number);
        else this.addHashed(kind, scalar, this.partAmounts[part] as number);
      }
    }
    this.writeParts();
    const best = this.bestPart(end, this.parts);
    this.parts = end;
    return best;
  }

  private bestPart(first: number, past: number): number {
    const { partAmounts } = this;
    let best = first;
    let most = partAmounts[first] as number;
    for (let part = first + 1; part < past; part++) {
      const amount = partAmounts[part] as number;
      if (amount > most || (amount === most && this.precedes(part, best))) {
        best = part;
        most = amount;
      }
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

  private reserveParts(count: number): void {
    const needed = this.parts + count;
    if (needed <= this.partScalars.length) return;
    const size = Math.max(needed, 2 * this.partScalars.length);
    this.partScalars = grown(this.partScalars, new Float64Array(size));
    this.partAmounts = grown(this.partAmounts, new Float64Array(size));
    this.partKinds = grown(this.partKinds, new Uint8Array(size));
  }
}

/** `into`, which begins as `from` does. */
function grown<T extends Float64Array | Uint32Array | Int32Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
