export * from "./asserts.ts";
export * from "./errors.ts";
export * from "./progress.ts";
export * from "./time.ts";
