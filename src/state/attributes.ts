/**
 * The attribute tree: quark -> (parent, name). Parents have smaller quarks than their children. The section on disk:
 *
 *     u32 count
 *     u32 parent[count]     0xffffffff: top level
 *     u32 name[count]       text id
 */
import { assert, BadInputError } from "../base/index.ts";
import type { AttributeTree, Quark } from "./contract.ts";

const root = 0xffffffff;
/** (parent + 1) * maxTexts + text is exact in a double for 2^26 attributes. */
const maxTexts = 2 ** 27;

/** What the tree needs of TextWriter and TextReader. */
interface Texts {
  readonly count: number;
  text(id: number): string;
  find(text: string): number | undefined;
}

/** The tree for both sides; only `child` changes it. */
export class Attributes implements AttributeTree {
  private readonly texts: Texts;
  private readonly parents: number[] = [];
  private readonly names: number[] = [];
  private readonly byName = new Map<number, Quark>();
  /** Children per quark + 1. */
  private readonly childLists: Quark[][] = [[]];

  constructor(texts: Texts) {
    this.texts = texts;
  }

  get count(): number {
    return this.parents.length;
  }

  /** Quark of the child named by text id, created when new. */
  child(parent: Quark, name: number): Quark {
    const key = (parent + 1) * maxTexts + name;
    const known = this.byName.get(key);
    if (known !== undefined) return known;
    const siblings = this.childLists[parent + 1];
    assert(siblings !== undefined, `no attribute ${parent}`);
    const quark = this.parents.length;
    this.parents.push(parent);
    this.names.push(name);
    this.byName.set(key, quark);
    siblings.push(quark);
    this.childLists.push([]);
    return quark;
  }

  find(...path: readonly string[]): Quark | undefined {
    let quark = -1;
    for (const name of path) {
      const text = this.texts.find(name);
      const next = text === undefined ? undefined : this.byName.get((quark + 1) * maxTexts + text);
      if (next === undefined) return undefined;
      quark = next;
    }
    return quark;
  }

  name(quark: Quark): string {
    const name = this.names[quark];
    assert(name !== undefined, `no attribute ${quark}`);
    return this.texts.text(name);
  }

  parent(quark: Quark): Quark {
    const parent = this.parents[quark];
    assert(parent !== undefined, `no attribute ${quark}`);
    return parent;
  }

  children(quark: Quark): readonly Quark[] {
    const children = this.childLists[quark + 1];
    assert(children !== undefined, `no attribute ${quark}`);
    return children;
  }

  path(quark: Quark): readonly string[] {
    const path: string[] = [];
    for (let at = quark; at !== -1; at = this.parent(at)) path.push(this.name(at));
    return path.reverse();
  }

  encode(): Uint8Array {
    const count = this.count;
    const out = new Uint32Array(1 + 2 * count);
    out[0] = count;
    for (let i = 0; i < count; i++) {
      const parent = this.parents[i] as number;
      out[1 + i] = parent === -1 ? root : parent;
      out[1 + count + i] = this.names[i] as number;
    }
    return new Uint8Array(out.buffer);
  }

  static decode(bytes: Uint8Array<ArrayBuffer>, texts: Texts, file: string, offset: number): Attributes {
    const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
    const count = words[0] ?? 0;
    if (bytes.length !== 4 + 8 * count)
      throw new BadInputError("HISTORY_INVALID", file, offset, `the attribute section does not hold ${count} attributes`);
    const attributes = new Attributes(texts);
    for (let i = 0; i < count; i++) {
      const stored = words[1 + i] as number;
      const parent = stored === root ? -1 : stored;
      const name = words[1 + count + i] as number;
      if (parent >= i || name >= texts.count || attributes.child(parent, name) !== i) {
        throw new BadInputError("HISTORY_INVALID", file, offset + 4 + 4 * i, `attribute ${i} is not a new child of an earlier one`);
      }
    }
    return attributes;
  }
}
