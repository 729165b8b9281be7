import {
  AckAndPublishRequest,
  type AckAndPublishResponse,
  type ConsumeResponse,
  encodeBatch,
  type GetAccountingResponse,
  type ListBlockedKeysResponse,
  SubscribeOpen,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answerOf, StreamReader, startTestBroker } from "./running-broker.test-support.js";

let broker: Awaited<ReturnType<typeof startTestBroker>>;
beforeAll(async () => {
  broker = await startTestBroker();
  for (const name of ["in", "out"]) {
    await answerOf((done) =>
      broker.topic.createTopic({ namespace: "", name, settings: undefined }, done),
    );
  }
  const settings = SubscriptionSettings.fromPartial({ patterns: ["in"] });
  await answerOf((done) =>
    broker.subscription.createSubscription({ namespace: "", name: "work", settings }, done),
  );
});
afterAll(() => broker.stop());

function frameOf(topic: string, ...ids: string[]) {
  const events = ids.map((id) => ({ id, source: "/test", type: "test.event" }));
  return { number: 0n, batches: [encodeBatch({ topic, events })], atomic: true };
}

const subscription = "work";
const publish = (...ids: string[]) =>
  answerOf((done) =>
    broker.publisher.publish({ namespace: "", frame: frameOf("in", ...ids) }, done),
  );
const account = () =>
  answerOf<GetAccountingResponse>((done) =>
    broker.subscription.getAccounting({ namespace: "", subscription }, done),
  );
const ackAndPublish = (request: Parameters<typeof AckAndPublishRequest.fromPartial>[0]) =>
  answerOf<AckAndPublishResponse>((done) =>
    broker.publisher.ackAndPublish(
      AckAndPublishRequest.fromPartial({ subscription, ...request }),
      done,
    ),
  );

async function received() {
  const open = SubscribeOpen.fromPartial({
    subscription,
    credit: { bytes: 1_000_000n, events: 100 },
  });
  const call = broker.subscriber.consume({ open, deliveriesMax: 1, waitMs: 5_000 });
  const reader = new StreamReader<ConsumeResponse>(call);
  await reader.next();
  const delivery = (await reader.next())?.message;
  if (delivery?.$case !== "delivery") throw new Error("a delivery comes");
  const { lease = 0n, sequence = 0n } = delivery.value.batches[0] ?? {};
  return { lease, sequence };
}

it("settles and publishes in one, skips, and answers where everything is", async () => {
  await publish("1", "2", "3");
  const { lease, sequence } = await received();
  const acks = [{ lease, sequence, ranges: [{ first: 0, last: 0 }] }];
  const done = await ackAndPublish({ acks, frame: frameOf("out", "a") });
  expect(done).toMatchObject({ stale: false, results: [{ baseOffset: 0n }] });
  expect(await ackAndPublish({ acks, frame: frameOf("out", "a") })).toEqual({
    stale: true,
    results: [],
  });
  const span = { namespace: "", subscription, sequence, firstIndex: 1, lastIndex: 1 };
  expect(await answerOf((end) => broker.subscription.skipEvents(span, end))).toEqual({
    skipped: 1,
  });
  expect(await account()).toMatchObject({ entered: 3n, acked: 1n, skipped: 1n, leased: 1n });
});

it("lists no blocked key where none is, and releases none", async () => {
  const list = { namespace: "", subscription, pageSize: 10, pageToken: "" };
  const page = await answerOf<ListBlockedKeysResponse>((done) =>
    broker.subscription.listBlockedKeys(list, done),
  );
  expect(page).toEqual({ keys: [], nextPageToken: "" });
  const release = { namespace: "", subscription, orderingKey: "k", topic: "" };
  await expect(
    answerOf((done) => broker.subscription.releaseKey(release, done)),
  ).rejects.toMatchObject({ reason: "EVENT_NOT_FOUND" });
});

const acks = [{ lease: 1n, sequence: 1n, ranges: [] }];
it.each<[Parameters<typeof AckAndPublishRequest.fromPartial>[0], string, string]>([
  [{ acks }, "BAD_REQUEST", "frame"],
  [{ acks, frame: { batches: [] } }, "BAD_REQUEST", "batches"],
  [{ frame: frameOf("out", "a") }, "BAD_REQUEST", "acks"],
  [
    { acks, frame: { batches: Array.from({ length: 257 }, () => ({ topic: "out" })) } },
    "LIMIT_EXCEEDED",
    "batches",
  ],
  [
    { acks: Array.from({ length: 10_001 }, () => acks[0] ?? {}), frame: frameOf("out", "a") },
    "LIMIT_EXCEEDED",
    "acks",
  ],
])("refuses to settle and publish %#", async (request, reason, field) => {
  await expect(ackAndPublish(request)).rejects.toMatchObject({ reason, metadata: { field } });
});

it("answers for subscriptions that exist", async () => {
  const refused = { reason: "SUBSCRIPTION_NOT_FOUND" };
  const none = { namespace: "", subscription: "none" };
  await expect(
    answerOf((done) => broker.subscription.getAccounting(none, done)),
  ).rejects.toMatchObject(refused);
  await expect(ackAndPublish({ ...none, acks, frame: frameOf("out", "a") })).rejects.toMatchObject(
    refused,
  );
});
