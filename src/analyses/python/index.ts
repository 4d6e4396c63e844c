/** The `python` analysis: what Python processes serve and call, as all services tell it (services.ts). */
import type { SharedAnalysis } from "../contract.ts";
import { integrationWidth } from "../integration.ts";
import { ServiceModel, type ServiceOutcome } from "../services.ts";

const python: SharedAnalysis<ServiceOutcome> = {
  id: "python",
  version: 1,
  needs: [],
  usefulShares: () => 1,
  startShare({ source, cursor, owns, spool }) {
    if (!source.eventClasses.some(({ name }) => name.startsWith("python:")) || !owns(0)) return undefined;
    const model = new ServiceModel(source, cursor, spool(integrationWidth), "python").start();
    return { handle: () => model.handle(), finish: () => model.finish() };
  },
  join([outcome], { rows, offers }) {
    if (outcome !== undefined) offers.push({ ...outcome, firstRef: 0, rows: rows(outcome.rows) });
  },
};

export default python;
