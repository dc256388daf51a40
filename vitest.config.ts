import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Every byte on every wire of a run is looked at: no test may write to a machine that has not declared an output.
    globalSetup: ["test/wire/watch.ts"],
    setupFiles: ["test/wire/name.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
