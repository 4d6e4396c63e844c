/** The `flows` analysis: front door. It reads no events: it joins what the analyses of the runtimes offer (join.ts). */
import type { SharedAnalysis } from "../contract.ts";
import { joinFlows } from "./join.ts";

const flows: SharedAnalysis<true> = {
  id: "flows",
  version: 6,
  needs: [],
  takesOffers: true,
  usefulShares: () => 1,
  startShare: () => ({ handle: () => undefined, finish: () => true }),
  join(_outcomes, { source, writer, offers }) {
    if (offers.some(({ spans }) => spans > 0)) joinFlows(offers, writer, Number(source.end - source.origin));
  },
};

export default flows;
