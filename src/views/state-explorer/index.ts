/**
 * State System Explorer: every attribute of the state history as a row, whatever analysis wrote it. For those who want to see what is really stored, and for
 * new analyses before they have a view of their own.
 *
 * Entry ids are quarks. The tree is as large as the history's: viewers show a part of it.
 */
import type { TimeGraphView, ViewContext, ViewEntry } from "../contract.ts";
import { byNumber } from "../redis.ts";
import { intervalAt, rowStates, stateText } from "../state-rows.ts";
import { valueLook, valueStyles } from "../styles.ts";

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const entries: ViewEntry[] = [];
  const add = (parent: number): void => {
    const children = attributes.children(parent).map((quark) => ({ quark, name: attributes.name(quark) }));
    for (const { quark, name } of children.sort((left, right) => byNumber(left.name, right.name))) {
      const hasData = attributes.children(quark).length === 0;
      entries.push({ id: quark, parent, labels: [name, ""], start, end, hasData });
      add(quark);
    }
  };
  add(-1);
  return entries;
}

const stateExplorer: TimeGraphView = {
  type: "time-graph",
  id: "state-explorer",
  title: "State explorer",
  description: "Every attribute of the state history with its values.",
  needs: [],
  headers: ["Attribute", "Value"],
  tree,
  expandLevel: () => 2,
  states: (context, entries, range) => rowStates(context.history.state, entries, range, valueLook),
  arrows: () => [],
  tooltip(context, entry, time) {
    const found = intervalAt(context.history.state, entry, time);
    return found === undefined ? {} : { Attribute: found.path.join("/"), Value: stateText(found.interval.value) };
  },
  styles: () => valueStyles,
};

export default stateExplorer;
