import { PubSubClient } from "@opendxa/pubsub-client";
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

/** Runs a sample of the documents as it stands there. */
async function run(name: string): Promise<void> {
  await import(new URL(`../../client/samples/${name}`, import.meta.url).href);
}

/** What the first event of the topic learning says. */
async function firstLearned(client: PubSubClient): Promise<unknown> {
  for await (const event of client.read("learning")) return event.json();
  return undefined;
}

it("runs learner.ts until it is interrupted", async () => {
  await run("learner.ts");
  const client = await PubSubClient.connect();
  const learned = { function_id: "detect_drift", version: "v2" };
  await vi.waitFor(async () => expect(await firstLearned(client)).toEqual(learned), 10_000);
  expect(printed).toEqual(["detect_drift x-1"]);
  process.emit("SIGINT");
  await vi.waitFor(async () => {
    expect((await client.getSubscription("learner:feedback")).consumers).toBe(0);
  }, 10_000);
  await client.close();
});

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

it("runs place-order.ts, and bill-orders.ts after it", async () => {
  await run("place-order.ts");
  expect(printed).toEqual(["0 fsync", "TOPIC_NOT_FOUND"]);
  await run("bill-orders.ts");
  expect(printed.slice(2)).toEqual(["order.placed order-7 1"]);
});

it("runs wait-for-feedback.ts", async () => {
  await run("wait-for-feedback.ts");
  expect(printed).toEqual(["feedback a false alarm"]);
});
