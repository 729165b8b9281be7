import {
  decodeBatch,
  encodeBatch,
  type SubscribeOpen,
  type SubscribeRequest,
  type SubscribeResponse,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answerOf, StreamReader, startTestBroker } from "./running-broker.test-support.js";

let broker: Awaited<ReturnType<typeof startTestBroker>>;
beforeAll(async () => {
  broker = await startTestBroker();
  const settings = undefined;
  await answerOf((done) =>
    broker.topic.createTopic({ namespace: "", name: "alerts", settings }, done),
  );
});
afterAll(() => broker.stop());

const openOf = (subscription: string, given: Partial<SubscribeOpen> = {}): SubscribeRequest => ({
  message: {
    $case: "open",
    value: {
      namespace: "",
      subscription,
      settings: SubscriptionSettings.fromPartial({ patterns: ["alerts"] }),
      consumerName: "test",
      credit: { bytes: 1_000_000n, events: 100 },
      heartbeatMs: 0,
      ...given,
    },
  },
});

async function publish(ids: readonly string[]): Promise<void> {
  const events = ids.map((id) => ({ id, source: "/test", type: "alert.raised" }));
  const batches = [encodeBatch({ topic: "alerts", events })];
  const frame = { number: 0n, batches, atomic: false };
  await answerOf((done) => broker.publisher.publish({ namespace: "", frame }, done));
}

async function joined(subscription: string) {
  const call = broker.subscriber.subscribe();
  const reader = new StreamReader<SubscribeResponse>(call);
  call.write(openOf(subscription));
  const first = await reader.next();
  if (first?.message?.$case !== "opened") throw new Error("opened comes first");
  return { call, reader, opened: first.message.value };
}

async function until<Case extends NonNullable<SubscribeResponse["message"]>["$case"]>(
  reader: StreamReader<SubscribeResponse>,
  wanted: Case,
) {
  for (;;) {
    const response = await reader.next();
    if (response === undefined) throw new Error(`the stream ended before ${wanted}`);
    const { message } = response;
    if (message?.$case === wanted) {
      return message.value as Extract<typeof message, { $case: Case }>["value"];
    }
  }
}

it("delivers, takes acks, answers verdicts and ends with the client", async () => {
  const { call, reader, opened } = await joined("main");
  expect(opened).toMatchObject({ heartbeatMs: 5_000, subscription: { name: "main", epoch: 1 } });
  await publish(["1", "2", "3"]);
  const delivery = await until(reader, "delivery");
  const [delivered] = delivery.batches;
  if (delivered?.batch === undefined) throw new Error("a batch is delivered");
  expect(delivered.attempt).toBe(1);
  expect(decodeBatch(delivered.batch).map(({ id }) => id)).toEqual(["1", "2", "3"]);
  const { lease, sequence } = delivered;
  const acks = [{ lease, sequence, ranges: [] }];
  call.write({
    message: { $case: "settlement", value: { number: 1n, acks, nacks: [], extensions: [] } },
  });
  call.end();
  expect(await until(reader, "verdicts")).toMatchObject({ throughNumber: 1n, exceptions: [] });
  expect(await reader.next()).toBeUndefined();
});

it("ends with a settlement out of order", async () => {
  const { call, reader } = await joined("order");
  call.write({
    message: { $case: "settlement", value: { number: 2n, acks: [], nacks: [], extensions: [] } },
  });
  await expect(until(reader, "verdicts")).rejects.toMatchObject({
    reason: "FRAME_OUT_OF_ORDER",
    metadata: { expected: "1", got: "2" },
  });
});

it("ends with too many items in one settlement", async () => {
  const { call, reader } = await joined("items");
  const acks = Array.from({ length: 1_001 }, () => ({ lease: 1n, sequence: 1n, ranges: [] }));
  call.write({
    message: { $case: "settlement", value: { number: 1n, acks, nacks: [], extensions: [] } },
  });
  await expect(until(reader, "verdicts")).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED" });
});

it("refuses a consumer's name above its bound", async () => {
  const call = broker.subscriber.subscribe();
  call.write(openOf("named", { consumerName: "n".repeat(256) }));
  await expect(new StreamReader(call).next()).rejects.toMatchObject({
    reason: "LIMIT_EXCEEDED",
    metadata: { field: "consumer_name", limit: "255", size: "256" },
  });
});

it("names a subscription that does not exist", async () => {
  const call = broker.subscriber.subscribe();
  call.write(openOf("missing", { settings: undefined }));
  await expect(new StreamReader(call).next()).rejects.toMatchObject({
    reason: "SUBSCRIPTION_NOT_FOUND",
    metadata: { subscription: "missing" },
  });
});

it("ends the consumers of a deleted subscription", async () => {
  const { reader } = await joined("deleted");
  await answerOf((done) =>
    broker.subscription.deleteSubscription({ namespace: "", name: "deleted" }, done),
  );
  await expect(until(reader, "verdicts")).rejects.toMatchObject({ reason: "SUBSCRIPTION_DELETED" });
});

it("ends consumers, publishers and waits with SHUTTING_DOWN", async () => {
  const { reader } = await joined("stopping");
  const publishing = broker.publisher.publishStream();
  const published = new StreamReader(publishing);
  publishing.write({
    message: {
      $case: "open",
      value: { namespace: "", producerId: new Uint8Array(0), clientName: "", heartbeatMs: 0 },
    },
  });
  await published.next();
  const waiting = new StreamReader(
    broker.feedback.awaitFeedback({
      namespace: "",
      executionId: "e",
      waitId: "w",
      deadlineUnixMs: 0n,
      policy: 0,
      feedbackCount: 0,
    }),
  );
  await waiting.next();
  const stopped = broker.shutDown();
  for (const stream of [reader, published, waiting]) {
    await expect(stream.next()).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  }
  await stopped;
});
