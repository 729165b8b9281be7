import { expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { deleteTopic } from "../topics/delete-topic.js";
import { forgetProducers, forgetWindows } from "./forget-producers.js";
import { producerIdleMsMax, producersMax } from "./limits.js";
import { openProducer, producerHex } from "./open-producer.js";
import {
  produced,
  producerId,
  send,
  state,
  thrown,
  withTopic,
} from "./publishing-world.test-support.js";

const window = { topicId: 1, partition: 0, producerId };
const producer = producerHex(producerId);

it("forgets an idle producer with its windows, and counts it no more", () => {
  const target = withTopic();
  target.run(openProducer, { producerId });
  send(target, [produced("orders", 0n, "a")]);
  target.nowMs += producerIdleMsMax;
  target.run(forgetProducers, { windows: [window], producerIds: [] });
  expect(target.get(stateKeys.producerWindow(producer, 1, 0))).toBeUndefined();
  target.run(forgetProducers, { windows: [], producerIds: [producerId] });
  expect(target.get(stateKeys.producer(producer))).toBeUndefined();
  expect(target.get(stateKeys.namespace())?.producers).toBe(0);
  expect(thrown(() => send(target, [produced("orders", 1n, "b")])).reason).toBe("PRODUCER_FENCED");
});

it("keeps one that was active meanwhile, and its windows", () => {
  const target = withTopic();
  target.run(openProducer, { producerId });
  target.nowMs += producerIdleMsMax;
  send(target, [produced("orders", 0n, "a")]);
  const count = target.entries.length;
  target.run(forgetProducers, { windows: [window], producerIds: [producerId] });
  expect(target.entries).toHaveLength(count);
});

it("forgets what producers stored last in a deleted topic only", () => {
  const target = withTopic();
  target.run(openProducer, { producerId });
  send(target, [produced("orders", 0n, "a")]);
  target.run(forgetWindows, { topicId: 1, windows: [window] });
  expect(target.get(stateKeys.producerWindow(producer, 1, 0))).toBeDefined();
  target.run(deleteTopic, { name: "orders" });
  target.run(forgetWindows, { topicId: 1, windows: [window] });
  expect(target.get(stateKeys.producerWindow(producer, 1, 0))).toBeUndefined();
  expect(target.get(stateKeys.producer(producer))).toBeDefined();
});

it("refuses one more than the bound, and lets those that are known open again", () => {
  const target = state();
  target.run(openProducer, { producerId });
  const namespace = target.get(stateKeys.namespace())!;
  target.put(stateKeys.namespace(), { ...namespace, producers: producersMax });
  const other = new Uint8Array(16).fill(9);
  expect(thrown(() => target.run(openProducer, { producerId: other }))).toMatchObject({
    reason: "LIMIT_REACHED",
    metadata: { field: "producers", limit: String(producersMax) },
  });
  expect(target.run(openProducer, { producerId })).toBe(2);
});
