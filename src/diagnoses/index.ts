/** Diagnoses: front door. */
export * from "./contract.ts";
export { type ConnectionEvents, Facts } from "./facts.ts";
