import { defineConfig } from "vitest/config";
import { plantedBug } from "./scripts/mutants/planted-bug.ts";

/** The workspace's packages show their sources under the first; the others are what Node itself would ask for. */
const conditions = ["@opendxa/source", "module", "node", "import", "default"];

/** What every package's tests have in common: workspace packages are read from source, no test needs a build. */
export default defineConfig({
  plugins: plantedBug(),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    passWithNoTests: true,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
