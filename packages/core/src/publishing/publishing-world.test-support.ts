import {
  checkBatch,
  encodeBatch,
  type OutgoingEvent,
  PublishFrame,
  PubSubError,
  type RecordBatch,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { MemoryState } from "../test/memory-state.js";
import { createTopic } from "../topics/create-topic.js";
import { topicsProjection } from "../topics/topics-projection.js";
import { batchesProjection } from "./batches-projection.js";
import { publish } from "./publish.js";

export const producerId = new Uint8Array(16).fill(7);

export function state(): MemoryState {
  return new MemoryState([topicsProjection, batchesProjection]);
}

function events(...ids: string[]): OutgoingEvent[] {
  return ids.map((id) => ({ id, type: "test.event", data: Buffer.from(id) }));
}

export function batchOf(topic: string, ...ids: string[]): RecordBatch {
  return encodeBatch({
    topic,
    partition: 0,
    events: events(...ids),
    defaults: { source: "/test" },
  });
}

export function produced(topic: string, baseSequence: bigint, ...ids: string[]): RecordBatch {
  return { ...batchOf(topic, ...ids), producerId, producerEpoch: 1, baseSequence };
}

export function send(target: MemoryState, batches: RecordBatch[], atomic = false) {
  const checks = batches.map((batch, batchIndex) => {
    try {
      return checkBatch(batch, { batchIndex });
    } catch (error) {
      return PubSubError.from(error);
    }
  });
  return target.run(publish, { frame: PublishFrame.create({ batches, atomic }), checks });
}

export function withTopic(settings?: Partial<TopicSettings>): MemoryState {
  const target = state();
  target.run(createTopic, { name: "orders", settings: TopicSettings.create(settings ?? {}) });
  return target;
}

export function thrown(run: () => unknown): PubSubError {
  try {
    run();
  } catch (error) {
    return PubSubError.from(error);
  }
  throw new Error("nothing was thrown");
}
