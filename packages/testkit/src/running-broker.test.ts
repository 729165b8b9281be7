import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { BROKER_BINARY } from "./running-broker.js";

it("starts the program that the broker's package names: what is tested is what is shipped", () => {
  const folder = join(dirname(BROKER_BINARY), "..");
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: Record<string, string>;
  };
  expect(join(folder, bin["opendxa-pubsub"] ?? "")).toBe(BROKER_BINARY);
});
