/** Packs a time graph's states into the compact window of `/api` (layout: `TimeGraphWindow` in tsp/api.ts). */
import type { RelativeNs } from "../base/index.ts";
import type { TimeGraphWindow } from "../tsp/index.ts";
import type { ViewOf } from "./queries.ts";

type TimeGraphView = ViewOf<"time-graph">;

/** Dictionary of texts in the order of their first use. */
function dictionary(): { readonly texts: string[]; idOf(text: string): number } {
  const texts: string[] = [];
  const ids = new Map<string, number>();
  return {
    texts,
    idOf: (text) => {
      let id = ids.get(text);
      if (id === undefined) {
        id = texts.length;
        texts.push(text);
        ids.set(text, id);
      }
      return id;
    },
  };
}

export function packWindow(
  base: RelativeNs,
  entries: readonly number[],
  rows: ReturnType<TimeGraphView["states"]>,
  arrows: ReturnType<TimeGraphView["arrows"]>,
): TimeGraphWindow {
  const styles = dictionary();
  const labels = dictionary();
  return {
    base,
    styles: styles.texts,
    labels: labels.texts,
    rows: entries.map((entry, i) => {
      const states = rows[i] ?? [];
      let at = base;
      const gaps = new Array<number>(states.length);
      const lengths = new Array<number>(states.length);
      states.forEach((state, k) => {
        gaps[k] = state.start - at;
        lengths[k] = state.end - state.start;
        at = state.end;
      });
      return {
        entry,
        gaps,
        lengths,
        styles: states.map((s) => styles.idOf(s.style)),
        labels: states.map((s) => labels.idOf(s.label)),
        counts: states.map((s) => s.count),
      };
    }),
    arrows: arrows.map((a) => ({ source: a.source, target: a.target, start: a.start, end: a.end, label: a.label, style: a.style })),
  };
}
