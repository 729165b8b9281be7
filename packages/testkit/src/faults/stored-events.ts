import type { Engine } from "@opendxa/pubsub-engine";
import { decodeBatch, PubSubError } from "@opendxa/pubsub-protocol";
import { TOPICS } from "./topics.js";
import { eventKey } from "./witness.js";

/** An event as it can be read. */
export interface ReadEvent {
  /** Its name among the witness's. */
  readonly key: string;
  /** Offset. */
  readonly offset: bigint;
  /** Payload. */
  readonly data: string;
  /** When it was stored, by the broker's time. */
  readonly appendMs: number;
}

/** What a topic holds. */
export interface StoredTopic {
  /** Name. */
  readonly name: string;
  /** The topic exists. */
  readonly isThere: boolean;
  /** What it holds, in the order of reading. */
  readonly events: readonly ReadEvent[];
  /** Events that were ever stored in it. */
  readonly storedEver: bigint;
}

async function readFrom(engine: Engine, name: string, offset: bigint): Promise<ReadEvent[]> {
  const found: ReadEvent[] = [];
  const range = { topic: name, partition: 0, offset, eventsMax: 0n, follow: false };
  for await (const group of engine.readEvents(range, new AbortController().signal)) {
    for (const { batch, selected } of group) {
      if (batch === undefined) throw new Error("a read without a batch");
      const appendMs = Number(batch.appendTimeUnixMs);
      for (const event of decodeBatch(batch, { selected })) {
        const data = Buffer.from(event.data).toString();
        const key = eventKey(name, event.id);
        found.push({ key, offset: event.offset, data, appendMs });
      }
    }
  }
  return found;
}

/** From the first offset; that may have moved on before it is read. */
async function readTopic(engine: Engine, name: string): Promise<StoredTopic> {
  for (;;) {
    const topic = await engine.getTopic(name).catch(() => undefined);
    const { firstOffset = 0n, nextOffset = 0n } = topic?.partitions[0] ?? {};
    try {
      const events = topic === undefined ? [] : await readFrom(engine, name, firstOffset);
      return { name, isThere: topic !== undefined, events, storedEver: nextOffset };
    } catch (error) {
      if (PubSubError.from(error).reason !== "OFFSET_OUT_OF_RANGE") throw error;
    }
  }
}

/** Reads all topics of a life. */
export async function readTopics(engine: Engine): Promise<StoredTopic[]> {
  const topics: StoredTopic[] = [];
  for (const { name } of TOPICS) topics.push(await readTopic(engine, name));
  return topics;
}
