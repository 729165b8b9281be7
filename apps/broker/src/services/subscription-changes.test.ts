import {
  type ConsumeResponse,
  encodeBatch,
  type SettleResponse,
  SubscribeOpen,
  type SubscribeRequest,
  type SubscribeResponse,
  type Subscription,
  SubscriptionSettings,
  Verdict,
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

const settings = SubscriptionSettings.fromPartial({ patterns: ["alerts"] });
const open = SubscribeOpen.fromPartial({ settings, credit: { bytes: 1_000_000n, events: 100 } });
const openMessage = (value: SubscribeOpen): SubscribeRequest => ({
  message: { $case: "open", value },
});

function create(name: string): Promise<unknown> {
  return answerOf((done) =>
    broker.subscription.createSubscription({ namespace: "", name, settings }, done),
  );
}

async function publish(ids: readonly string[]): Promise<void> {
  const events = ids.map((id) => ({ id, source: "/test", type: "alert.raised" }));
  const batches = [encodeBatch({ topic: "alerts", events })];
  const frame = { number: 0n, batches, atomic: false };
  await answerOf((done) => broker.publisher.publish({ namespace: "", frame }, done));
}

function consume(name: string, more: object = {}) {
  const call = broker.subscriber.consume({
    open: { ...open, subscription: name, settings: undefined },
    deliveriesMax: 1,
    waitMs: 5_000,
    ...more,
  });
  return new StreamReader<ConsumeResponse>(call);
}

it("updates, pauses, resumes and moves", async () => {
  await create("changes");
  const name = "changes";
  const call = (run: (done: never) => unknown) =>
    answerOf<{ subscription: Subscription }>(run as never);
  const updated = await call((done) =>
    broker.subscription.updateSubscription(
      {
        namespace: "",
        name,
        settings: SubscriptionSettings.fromPartial({ ackDeadlineMs: 5_000 }),
        fields: ["ack_deadline_ms"],
      },
      done,
    ),
  );
  expect(updated.subscription.settings?.ackDeadlineMs).toBe(5_000);
  const paused = await call((done) =>
    broker.subscription.pauseSubscription({ namespace: "", name, reason: "why" }, done),
  );
  expect(paused.subscription).toMatchObject({ paused: true, pauseReason: "why" });
  const stream = broker.subscriber.subscribe();
  const reader = new StreamReader<SubscribeResponse>(stream);
  stream.write(openMessage({ ...open, subscription: name, settings: undefined }));
  expect((await reader.next())?.message?.$case).toBe("opened");
  expect((await reader.next())?.message).toMatchObject({
    $case: "notice",
    value: { message: "an operator paused the subscription: why" },
  });
  const resumed = await call((done) =>
    broker.subscription.resumeSubscription({ namespace: "", name }, done),
  );
  expect(resumed.subscription.paused).toBe(false);
  const target = {
    $case: "position",
    value: { position: { $case: "earliest", value: true } },
  } as const;
  const moved = await call((done) =>
    broker.subscription.seekSubscription({ namespace: "", name, target }, done),
  );
  expect(moved.subscription.epoch).toBe(2);
  await expect(reader.next()).rejects.toMatchObject({ reason: "SUBSCRIPTION_EPOCH_CHANGED" });
});

it("creates, lists and deletes snapshots", async () => {
  await create("remembered");
  const snapshot = { namespace: "", name: "now", subscription: "remembered" };
  await answerOf((done) => broker.subscription.createSnapshot(snapshot, done));
  const list = () =>
    answerOf<{ snapshots: { name: string }[] }>((done) =>
      broker.subscription.listSnapshots(
        { namespace: "", subscription: "", pageSize: 0, pageToken: "" },
        done,
      ),
    );
  expect((await list()).snapshots).toMatchObject([{ name: "now" }]);
  await answerOf((done) =>
    broker.subscription.deleteSnapshot({ namespace: "", name: "now" }, done),
  );
  expect((await list()).snapshots).toEqual([]);
});

it("ends an ephemeral subscription with its stream", async () => {
  const stream = broker.subscriber.subscribe();
  const reader = new StreamReader<SubscribeResponse>(stream);
  stream.write(openMessage(open));
  const first = await reader.next();
  if (first?.message?.$case !== "opened") throw new Error("opened comes first");
  const name = first.message.value.subscription?.name ?? "";
  expect(first.message.value.subscription?.ephemeral).toBe(true);
  stream.end();
  while ((await reader.next()) !== undefined);
  const engine = broker.namespaces.engineOf("");
  await expect
    .poll(() => engine.getSubscription(name).catch(({ reason }: { reason: string }) => reason))
    .toBe("SUBSCRIPTION_NOT_FOUND");
});

it("hands events out by Consume and takes what was done with them by Settle", async () => {
  await create("calls");
  await publish(["1", "2"]);
  const reader = consume("calls");
  expect((await reader.next())?.message).toMatchObject({
    $case: "opened",
    value: { subscription: { name: "calls", consumers: 1 } },
  });
  const delivery = (await reader.next())?.message;
  if (delivery?.$case !== "delivery") throw new Error("a delivery comes");
  expect(await reader.next()).toBeUndefined();
  const [batch] = delivery.value.batches;
  const { lease = 0n, sequence = 0n } = batch ?? {};
  const settle = () =>
    answerOf<SettleResponse>((done) =>
      broker.subscriber.settle(
        {
          namespace: "",
          subscription: "calls",
          settlement: {
            number: 0n,
            acks: [{ lease, sequence, ranges: [{ first: 0, last: 1 }] }],
            nacks: [],
            extensions: [],
          },
        },
        done,
      ),
    );
  expect(await settle()).toEqual({ exceptions: [] });
  expect((await settle()).exceptions).toMatchObject([{ verdict: Verdict.STALE }]);
});

it("ends a Consume that waited for long enough, or whose subscription ends", async () => {
  await create("silent");
  const reader = consume("silent", { waitMs: 1 });
  expect((await reader.next())?.message?.$case).toBe("opened");
  expect(await reader.next()).toBeUndefined();
  const waiting = consume("silent", { waitMs: 60_000 });
  await waiting.next();
  await answerOf((done) =>
    broker.subscription.deleteSubscription({ namespace: "", name: "silent" }, done),
  );
  await expect(waiting.next()).rejects.toMatchObject({ reason: "SUBSCRIPTION_DELETED" });
});

it("gives no more than the credit of a Consume", async () => {
  await create("credit");
  await publish(["1", "2", "3"]);
  const given = { ...open, subscription: "credit", settings: undefined };
  const credit = { bytes: 1_000_000n, events: 2 };
  const reader = consume("credit", { open: { ...given, credit }, deliveriesMax: 0, waitMs: 1 });
  await reader.next();
  const delivery = (await reader.next())?.message;
  if (delivery?.$case !== "delivery") throw new Error("a delivery comes");
  const [batch] = delivery.value.batches;
  expect([...(batch?.selected ?? [])]).toEqual([0b011]);
  expect(await reader.next()).toBeUndefined();
});

it.each<[object, string, string]>([
  [{ open: undefined }, "BAD_REQUEST", "open"],
  [{ open: { ...open, subscription: "" } }, "BAD_REQUEST", "open.subscription"],
  [{ open: { ...open, subscription: "x", credit: undefined } }, "BAD_REQUEST", "open.credit"],
  [{ deliveriesMax: 10_001 }, "LIMIT_EXCEEDED", "deliveries_max"],
  [{ waitMs: 60_001 }, "LIMIT_EXCEEDED", "wait_ms"],
])("refuses a Consume of %o", async (more, reason, field) => {
  await expect(consume("none", more).next()).rejects.toMatchObject({
    reason,
    metadata: { field },
  });
});

it("refuses a Settle without a settlement or with too many items", async () => {
  const settle = (settlement: object | undefined) =>
    answerOf((done) =>
      broker.subscriber.settle(
        { namespace: "", subscription: "calls", settlement: settlement as never },
        done,
      ),
    );
  await expect(settle(undefined)).rejects.toMatchObject({ reason: "BAD_REQUEST" });
  const acks = Array.from({ length: 1_001 }, () => ({ lease: 1n, sequence: 1n, ranges: [] }));
  const many = { number: 0n, acks, nacks: [], extensions: [] };
  await expect(settle(many)).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED" });
});
