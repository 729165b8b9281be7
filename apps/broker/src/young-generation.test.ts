import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { BrokerProcess, requireBuiltBroker } from "./broker-process.test-support.js";
import { BROKER_LIMITS } from "./limits.js";

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "young-generation-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("stays at its bound however many objects outlive a collection", async () => {
  const broker = new BrokerProcess(join(folder, "d"), [], { machine: "crowded-heap" });
  await broker.serving();
  broker.child.kill("SIGUSR2");
  await broker.said('"event":"worked"');
  const [, bytes] = /"young_bytes":(\d+)/.exec(broker.stderr) ?? [];
  // Two semi-spaces, and a page of V8's own beside them.
  expect(Number(bytes)).toBeLessThan(2.2 * BROKER_LIMITS.semiSpaceBytes);
  expect(Number(bytes)).toBeGreaterThan(BROKER_LIMITS.semiSpaceBytes);
  expect(await broker.stop()).toBe(0);
});
