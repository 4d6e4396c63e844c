export * from "./asserts.ts";
export { Best } from "./best.ts";
export { compareText } from "./compare.ts";
export * from "./errors.ts";
export * from "./format.ts";
export * from "./progress.ts";
export { allSteps } from "./steps.ts";
export * from "./time.ts";
