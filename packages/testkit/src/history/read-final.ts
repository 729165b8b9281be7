import { type PubSubClient, PubSubError, type StoredEvent } from "@opendxa/pubsub-client";
import type { HistoryWriter } from "./history-writer.js";
import { SUBSCRIPTIONS, TOPICS } from "./run-plan.js";

/** Notes every stored event of every topic-partition, and every dead letter, in the order of their offsets. */
export async function readFinal(client: PubSubClient, writer: HistoryWriter): Promise<void> {
  for (const { topic, partitions } of TOPICS) {
    for (let partition = 0; partition < partitions; partition += 1) {
      for await (const event of client.read(topic, { partition })) noteStored(event, writer);
    }
  }
  for (const { deadLetterTopic } of SUBSCRIPTIONS)
    await readLetters(client, deadLetterTopic, writer);
}

function noteStored(event: StoredEvent, writer: HistoryWriter): void {
  const { topic, source, id, orderingKey: key, partition, offset } = event;
  const { seq, lane } = event.json<{ seq?: number; lane?: string }>();
  const time = Number(event.appendTimeUnixMs);
  const place = { partition, offset: Number(offset), time };
  writer.write({ k: "stored", topic, source, id, key, ...place, seq, lane });
}

async function readLetters(
  client: PubSubClient,
  deadLetterTopic: string,
  writer: HistoryWriter,
): Promise<void> {
  try {
    for await (const event of client.read(deadLetterTopic)) noteLetter(event, writer);
  } catch (error) {
    // It is created with the first dead letter.
    if (!(error instanceof PubSubError) || error.reason !== "TOPIC_NOT_FOUND") throw error;
  }
}

function noteLetter(event: StoredEvent, writer: HistoryWriter): void {
  const { source, id, orderingKey: key, attributes } = event;
  writer.write({
    k: "deadLetter",
    topic: attributes["dltopic"] ?? "",
    source,
    id,
    key,
    in: event.topic,
    at: Number(event.offset),
    sub: attributes["dlsubscription"] ?? "",
    cause: attributes["dlcause"] ?? "",
    attempts: Number(attributes["dlattempts"]),
    partition: Number(attributes["dlpartition"]),
    offset: Number(attributes["dloffset"]),
    time: Number(event.appendTimeUnixMs),
  });
}
