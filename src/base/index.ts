export * from "./asserts.ts";
export * from "./errors.ts";
export * from "./format.ts";
export * from "./progress.ts";
export * from "./time.ts";
