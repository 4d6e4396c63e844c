import { describe, expect, it } from "vitest";
import { foldedBelow, unfoldTo, visibleRows } from "./rows.ts";

/** Indentation is depth. */
const entries = [
  { id: 0, parent: -1, label: "node", detail: "", hasData: false, start: 0, end: 100 },
  { id: 1, parent: 0, label: "Connections", detail: "", hasData: false, start: 0, end: 100 },
  { id: 2, parent: 1, label: "fd 9", detail: "", hasData: true, start: 0, end: 40 },
  { id: 3, parent: 1, label: "fd 10", detail: "", hasData: true, start: 0, end: 100 },
  { id: 4, parent: 0, label: "Threads", detail: "", hasData: false, start: 0, end: 100 },
  { id: 5, parent: 4, label: "main", detail: "", hasData: true, start: 0, end: 100 },
];
const show = (collapsed: number[], filter: string) =>
  visibleRows(entries, new Set(collapsed), filter).rows.map(
    (r) => `${" ".repeat(r.depth)}${r.label}${r.hasChildren ? (r.isExpanded ? " -" : " +") : ""}`,
  );

describe("visible rows", () => {
  it("are all of them until something is collapsed", () => {
    expect(show([], "")).toEqual(["node -", " Connections -", "  fd 9", "  fd 10", " Threads -", "  main"]);
    expect(show([1], "")).toEqual(["node -", " Connections +", " Threads -", "  main"]);
  });

  it("that match a filter keep their ancestors, collapsed or not", () => {
    expect(show([1], "FD 1")).toEqual(["node -", " Connections -", "  fd 10"]);
  });

  it("can be those that exist in a range, with their ancestors", () => {
    const alive = visibleRows(entries, new Set(), "", { start: 40, end: 50 }).rows.map((r) => r.label);
    expect(alive).toEqual(["node", "Connections", "fd 10", "Threads", "main"]);
    expect(visibleRows(entries, new Set([1]), "fd", { start: 0, end: 1 }).rows.map((r) => r.label)).toEqual([
      "node",
      "Connections",
      "fd 9",
      "fd 10",
    ]);
  });

  it("start out folded below a level, and unfold to a row that is asked for", () => {
    expect([...foldedBelow(entries, undefined)]).toEqual([]);
    expect([...foldedBelow(entries, -1)]).toEqual([]);
    const folded = foldedBelow(entries, 1);
    expect(show([...folded], "")).toEqual(["node -", " Connections +", " Threads +"]);
    expect(show([...unfoldTo(entries, folded, 3)], "")).toEqual(["node -", " Connections -", "  fd 9", "  fd 10", " Threads +"]);
    expect(unfoldTo(entries, folded, 1)).toBe(folded);
  });

  it("stand for what is collapsed into them", () => {
    const tree = visibleRows(entries, new Set([1]), "");
    expect([tree.indexOf(3), tree.indexOf(5), tree.indexOf(99)]).toEqual([1, 3, undefined]);
  });
});
