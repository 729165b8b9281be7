import { defineConfig } from "vitest/config";

export default defineConfig({
  // The workspace's own packages are read from source, so that tests need no build.
  resolve: { conditions: ["@opendxa/source"] },
  ssr: { resolve: { conditions: ["@opendxa/source", "node", "import", "default"] } },
  test: { projects: ["packages/*", "apps/*"] },
});
