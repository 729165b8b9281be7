import {
  encodeBatch,
  type PublishStreamRequest,
  type PublishStreamResponse,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, StreamReader, startTestBroker } from "./running-broker.test-support.js";

let broker: Awaited<ReturnType<typeof startTestBroker>>;
beforeAll(async () => {
  broker = await startTestBroker();
  const settings = undefined;
  for (const namespace of ["default", "other"]) {
    await answerOf((done) =>
      broker.topic.createTopic({ namespace, name: "orders", settings }, done),
    );
  }
});
afterAll(() => broker.stop());

function batch(topic: string, ids: readonly string[]): RecordBatch {
  return encodeBatch({
    topic,
    events: ids.map((id) => ({ id, source: "/test", type: "order.made" })),
  });
}

const frame = (number: bigint, batches: RecordBatch[]): PublishStreamRequest => ({
  message: { $case: "frame", value: { number, batches, atomic: false } },
});

const open = (
  namespace = "",
  producerId = new Uint8Array(0),
  heartbeatMs = 0,
  clientName = "t",
) => ({
  message: {
    $case: "open" as const,
    value: { namespace, producerId, clientName, heartbeatMs },
  },
});

async function opened(namespace = "", producerId = new Uint8Array(0)) {
  const call = broker.publisher.publishStream();
  const reader = new StreamReader<PublishStreamResponse>(call);
  call.write(open(namespace, producerId));
  const first = await reader.next();
  if (first?.message?.$case !== "opened") throw new Error("opened comes first");
  return { call, reader, opened: first.message.value };
}

describe("PublishStream", () => {
  it("acknowledges every frame once and in order, with its results", async () => {
    const { call, reader, opened: first } = await opened("other", new Uint8Array(16).fill(7));
    expect(first).toMatchObject({ producerEpoch: 1, heartbeatMs: 5_000, framesInFlightMax: 64 });
    expect(first.creditBytes).toBeGreaterThan(0n);
    const frames = 40;
    for (let index = 1; index <= frames; index += 1) {
      call.write(frame(BigInt(index), [batch("orders", [`a${index}`, `b${index}`])]));
    }
    call.end();
    const offsets: bigint[] = [];
    let through = 0n;
    for (;;) {
      const response = await reader.next();
      if (response === undefined) break;
      if (response.message?.$case !== "ack") continue;
      const { throughFrame, results } = response.message.value;
      expect(BigInt(results.length)).toBe(throughFrame - through);
      through = throughFrame;
      offsets.push(...results.map(({ baseOffset }) => baseOffset));
    }
    expect(offsets).toEqual(Array.from({ length: frames }, (_, index) => BigInt(index * 2)));
  });

  it("keeps namespaces apart and refuses an unknown topic in its result", async () => {
    const { call, reader } = await opened("");
    call.write(frame(1n, [batch("orders", ["1"]), batch("nowhere", ["1"])]));
    const response = await reader.next();
    if (response?.message?.$case !== "ack") throw new Error("an ack comes next");
    expect(response.message.value.results[0]).toMatchObject({ baseOffset: 0n, refusal: undefined });
    expect(response.message.value.results[1]?.refusal?.metadata).toEqual({ topic: "nowhere" });
    call.end();
    expect(await reader.next()).toBeUndefined();
  });

  it.each<[string, PublishStreamRequest[], string]>([
    ["a gap in the numbers", [frame(2n, [])], "FRAME_OUT_OF_ORDER"],
    ["a second open", [open()], "FRAME_OUT_OF_ORDER"],
    ["an empty frame", [frame(1n, [])], "BAD_REQUEST"],
    [
      "too many batches",
      [
        frame(
          1n,
          Array.from({ length: 257 }, () => batch("orders", ["1"])),
        ),
      ],
      "LIMIT_EXCEEDED",
    ],
    ["no message", [{ message: undefined }], "BAD_REQUEST"],
  ])("ends with %s", async (_what, messages, reason) => {
    const { call, reader } = await opened();
    for (const message of messages) call.write(message);
    await expect(reader.next()).rejects.toMatchObject({ reason });
  });

  it("refuses a client's name above its bound", async () => {
    const call = broker.publisher.publishStream();
    call.write(open("", new Uint8Array(0), 0, "é".repeat(128)));
    await expect(new StreamReader(call).next()).rejects.toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "client_name", limit: "255", size: "256" },
    });
  });

  it("refuses a producer id and a heartbeat outside of their bounds", async () => {
    for (const wrong of [open("", new Uint8Array(5)), open("", new Uint8Array(0), 1)]) {
      const call = broker.publisher.publishStream();
      call.write(wrong);
      await expect(new StreamReader(call).next()).rejects.toMatchObject({ reason: "BAD_REQUEST" });
    }
  });
});

describe("Publish and reading back", () => {
  it("answers when it is stored, and the bytes come back", async () => {
    await answerOf((done) =>
      broker.topic.createTopic({ namespace: "", name: "unary", settings: undefined }, done),
    );
    const sent = batch("unary", ["x", "y"]);
    const { results } = await answerOf<{ results: { baseOffset: bigint }[] }>((done) =>
      broker.publisher.publish(
        { namespace: "", frame: { number: 0n, batches: [sent], atomic: false } },
        done,
      ),
    );
    expect(results[0]?.baseOffset).toBe(0n);
    const call = broker.query.readEvents({
      namespace: "",
      topic: "unary",
      partition: 0,
      offset: 1n,
      eventsMax: 0n,
      follow: false,
    });
    const stored = await new StreamReader<{ batches: { batch: RecordBatch }[] }>(call).next();
    expect(Buffer.from(stored?.batches[0]?.batch.bodies ?? [])).toEqual(Buffer.from(sent.bodies));
  });

  it("refuses a missing and an oversized frame", async () => {
    await expect(
      answerOf((done) => broker.publisher.publish({ namespace: "", frame: undefined }, done)),
    ).rejects.toMatchObject({ reason: "BAD_REQUEST" });
    const large = { ...batch("orders", ["1"]), bodies: new Uint8Array(1024 * 1024 - 4096) };
    await expect(
      answerOf((done) =>
        broker.publisher.publish(
          { namespace: "", frame: { number: 0n, batches: [large], atomic: false } },
          done,
        ),
      ),
    ).rejects.toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { field: "frame" } });
  });
});
