/** Which rows of the tree are on screen, by what is collapsed and what the user filters for. */

export interface TreeEntry {
  readonly id: number;
  readonly parent: number;
  readonly label: string;
  /** Further labels, shown dimmed. */
  readonly detail: string;
  readonly hasData: boolean;
  /** When it exists: a connection is opened and closed. */
  readonly start: number;
  readonly end: number;
}

export interface VisibleRow extends TreeEntry {
  /** 0 for roots. */
  readonly depth: number;
  readonly hasChildren: boolean;
  readonly isExpanded: boolean;
}

export interface VisibleTree {
  readonly rows: readonly VisibleRow[];
  /** Row index of an entry, or of the nearest collapsed ancestor that stands for it. */
  indexOf(entry: number): number | undefined;
}

/**
 * Entries come parents first. A filter keeps the rows whose label contains it, with their ancestors, and ignores what is collapsed. `aliveIn` keeps the rows
 * with states that exist somewhere in that range, with their ancestors.
 */
export function visibleRows(
  entries: readonly TreeEntry[],
  collapsed: ReadonlySet<number>,
  filter: string,
  aliveIn?: { readonly start: number; readonly end: number },
): VisibleTree {
  const byId = new Map(entries.map((e) => [e.id, e]));
  const children = new Map<number, TreeEntry[]>();
  for (const entry of entries) {
    const parent = byId.has(entry.parent) ? entry.parent : -1;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [entry]);
    else siblings.push(entry);
  }
  const wanted = filter.trim().toLowerCase();
  const kept = new Set<number>();
  const isSelective = wanted !== "" || aliveIn !== undefined;
  if (isSelective) {
    for (const entry of entries) {
      if (!`${entry.label} ${entry.detail}`.toLowerCase().includes(wanted)) continue;
      if (aliveIn !== undefined && !(entry.hasData && entry.start < aliveIn.end && entry.end > aliveIn.start)) continue;
      for (let e: TreeEntry | undefined = entry; e !== undefined && !kept.has(e.id); e = byId.get(e.parent)) kept.add(e.id);
    }
  }
  const rows: VisibleRow[] = [];
  const index = new Map<number, number>();
  const visit = (parent: number, depth: number): void => {
    for (const entry of children.get(parent) ?? []) {
      if (isSelective && !kept.has(entry.id)) continue;
      const hasChildren = children.has(entry.id);
      const isExpanded = hasChildren && (wanted !== "" || !collapsed.has(entry.id));
      index.set(entry.id, rows.length);
      rows.push({ ...entry, depth, hasChildren, isExpanded });
      if (isExpanded) visit(entry.id, depth + 1);
    }
  };
  visit(-1, 0);
  return {
    rows,
    indexOf: (id) => {
      for (let e = byId.get(id); e !== undefined; e = byId.get(e.parent)) {
        const i = index.get(e.id);
        if (i !== undefined) return i;
      }
      return undefined;
    },
  };
}

/** Rows whose children start out hidden: those at `level` and deeper (1 unfolds the roots, 2 their children too); none without a level. */
export function foldedBelow(entries: readonly TreeEntry[], level: number | undefined): ReadonlySet<number> {
  const folded = new Set<number>();
  if (level === undefined || level < 0) return folded;
  const depth = new Map<number, number>();
  for (const { id, parent } of entries) {
    const own = (depth.get(parent) ?? -1) + 1;
    depth.set(id, own);
    if (own >= level) folded.add(id);
  }
  return folded;
}

/** `folded` without what hides this entry. The same set when nothing does. */
export function unfoldTo(entries: readonly TreeEntry[], folded: ReadonlySet<number>, entry: number): ReadonlySet<number> {
  const parents = new Map(entries.map((each) => [each.id, each.parent]));
  const open = new Set(folded);
  for (let parent = parents.get(entry); parent !== undefined && parent >= 0; parent = parents.get(parent)) open.delete(parent);
  return open.size === folded.size ? folded : open;
}
