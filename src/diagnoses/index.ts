/** Diagnoses: front door. */
export * from "./contract.ts";
export { Facts } from "./facts.ts";
