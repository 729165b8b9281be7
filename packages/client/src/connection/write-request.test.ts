import { RecordBatch, SeekSubscriptionRequest } from "@opendxa/pubsub-protocol";
import { services } from "@opendxa/pubsub-protocol/grpc";
import { expect, it } from "vitest";
import { writeRequest } from "./write-request.js";

const createTopic = services.topic.methods.createTopic.requestType;
const createSubscription = services.subscription.methods.createSubscription.requestType;

it("serializes what is stated, and leaves the rest to the contract's defaults", () => {
  const request = { name: "a", settings: { retentionMs: 5, dedup: undefined } };
  expect(createTopic.decode(writeRequest(createTopic, request))).toMatchObject({
    namespace: "",
    name: "a",
    settings: { retentionMs: 5n, partitions: 0 },
  });
});

it.each([
  [{ name: 5 }, "name", "cannot be 5"],
  [{ name: "\ud800" }, "name", 'cannot be "\\ud800"'],
  [{ settings: 5 }, "settings", "cannot be 5"],
  [{ settings: { partitions: -1 } }, "settings.partitions", "cannot be -1"],
  [{ settings: { partitions: 1.5 } }, "settings.partitions", "cannot be 1.5"],
  [{ settings: { retentionMs: 2n ** 64n } }, "settings.retentionMs", `cannot be ${2n ** 64n}`],
  [{ settings: { retentionMs: Number.NaN } }, "settings.retentionMs", "cannot be NaN"],
  [{ settings: { dedup: { windowMs: "5" } } }, "settings.dedup.windowMs", 'cannot be "5"'],
  [{ settings: { retention: 5 } }, "settings.retention", "there is no such field"],
  [{ name: "a", settings: { partitions: -1, retentionMs: -1n } }, "settings.partitions", "-1"],
])("names what a field cannot hold: %o", (request, field, rule) => {
  expect(() => writeRequest(createTopic, request)).toThrow(
    expect.objectContaining({
      reason: "BAD_REQUEST",
      metadata: { field, rule: expect.stringContaining(rule) },
    }),
  );
});

it("names an element of a list, and the case of a oneof", () => {
  const settings = { patterns: ["a", 5] };
  expect(() => writeRequest(createSubscription, { settings })).toThrow("settings.patterns.1");
  const offset = { topic: "a", partition: 0, offset: -1n };
  const target = { $case: "offset", value: offset };
  expect(() => writeRequest(SeekSubscriptionRequest, { target })).toThrow("offset.offset");
});

it("ends for values that hold themselves", () => {
  const cycle: Record<string, unknown> = {};
  cycle["settings"] = cycle;
  cycle["name"] = -1;
  expect(() => writeRequest(createTopic, cycle)).toThrow("BAD_REQUEST");
});

it("takes bytes as bytes only", () => {
  const written = writeRequest(RecordBatch, { heads: new Uint8Array([1]) });
  expect([...RecordBatch.decode(written).heads]).toEqual([1]);
  expect(() => writeRequest(RecordBatch, { heads: [1] })).toThrow("heads");
});
