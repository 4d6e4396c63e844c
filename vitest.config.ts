import { defineConfig } from "vitest/config";

// Two projects: `unit` needs nothing but Node and runs in seconds; `real` records with LTTng, starts Redis and a browser (npm test sets that up).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "tools/**/*.test.ts", "test/traces/**/*.test.ts", "instrumentation/**/*.test.ts"],
          testTimeout: 60_000,
          // Also the core that Vitest would leave free: of two it is half.
          maxWorkers: "100%",
        },
      },
      {
        test: {
          name: "real",
          include: ["test/real/**/*.test.ts", "test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
