import { defineConfig } from "vitest/config";

/** Branch floors in percent, per package; what is not named here has the common floor. */
const COMMON_FLOOR = 70;
const CORE_FLOOR = 95;

export default defineConfig({
  test: {
    projects: [
      "packages/*/vitest.config.ts",
      "apps/*/vitest.config.ts",
      "scripts/vitest.config.ts",
    ],
    passWithNoTests: true,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"],
      exclude: [
        "**/gen/**",
        "**/test/**",
        "**/*.test.ts",
        "**/*.test-support.ts",
        "**/contract.ts",
        "**/contract/**",
        "**/index.ts",
        "apps/bench/**",
      ],
      reporter: ["text-summary", "json-summary"],
      reportsDirectory: "coverage",
      thresholds: {
        "packages/core/src/**/*.ts": { branches: CORE_FLOOR },
        "packages/journal/src/**/*.ts": { branches: CORE_FLOOR },
        "packages/{protocol,index-store,engine,client,connectors,simulated}/src/**/*.ts": {
          branches: COMMON_FLOOR,
        },
      },
    },
  },
});
