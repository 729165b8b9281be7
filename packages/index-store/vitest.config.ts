import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@opendxa/source"] },
  ssr: { resolve: { conditions: ["@opendxa/source", "node", "import", "default"] } },
  test: { name: "index-store", include: ["src/**/*.test.ts"] },
});
