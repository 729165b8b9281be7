import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type RunningBroker, startBroker } from "./index.js";

let broker: RunningBroker;
let printed: string[];

beforeAll(async () => {
  broker = await startBroker();
  vi.stubEnv("OPENDXA_PUBSUB_ADDRESS", broker.address);
});
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((...words: unknown[]) => {
    printed.push(words.join(" ").trim());
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await broker.stop();
});

/** Runs a sample of the client's README as it stands there. */
async function run(name: string): Promise<void> {
  await import(new URL(`../../client/samples/${name}`, import.meta.url).href);
}

it("runs publish.ts", async () => {
  await run("publish.ts");
  expect(printed).toEqual(["stored at greetings/0/0"]);
});

it("runs subscribe.ts", async () => {
  await run("subscribe.ts");
  expect(printed).toContain("audited feedback at offset 0");
  expect(printed.at(-1)).toBe("closed");
});

it("runs delivery.ts", async () => {
  await run("delivery.ts");
  expect(printed).toEqual([
    "2 entered: 1 acked, 1 dead-lettered",
    "not a number, after 3 attempts",
  ]);
});

it("runs await-feedback.ts", async () => {
  await run("await-feedback.ts");
  expect(printed[0]).toBe("feedback a false alarm");
  expect(printed).toContain("poet/functions/detect_drift/feedback feedback");
});
