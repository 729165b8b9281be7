import type { Engine } from "@opendxa/pubsub-engine";
import { decodeBatch, PubSubError } from "@opendxa/pubsub-protocol";
import type { ProcessHistory } from "./simulated-history.js";
import {
  recordedSubscription,
  type SimulatedTopic,
  type SimulationPlan,
} from "./simulation-plan.js";

/** What a simulated publisher writes into its events. */
interface PublishedData {
  readonly seq?: number;
  readonly lane?: string;
}

async function* eventsOf(engine: Engine, topic: string, partition: number) {
  const range = { topic, partition, offset: 0n, eventsMax: 0n, follow: false };
  for await (const batches of engine.readEvents(range, new AbortController().signal)) {
    for (const { batch, selected, sequence } of batches) {
      if (batch === undefined) continue;
      for (const event of decodeBatch(batch, { selected })) {
        yield { event, sequence: Number(sequence) };
      }
    }
  }
}

async function readTopic(
  engine: Engine,
  { topic, partitions }: SimulatedTopic,
  history: ProcessHistory,
): Promise<void> {
  for (let partition = 0; partition < partitions; partition += 1) {
    for await (const { event, sequence } of eventsOf(engine, topic, partition)) {
      const { source, id, orderingKey: key } = event;
      const { seq, lane } = JSON.parse(Buffer.from(event.data).toString()) as PublishedData;
      history.write({
        k: "stored",
        topic,
        partition,
        source,
        id,
        key,
        offset: Number(event.offset),
        seq,
        lane,
        time: Number(event.appendTimeUnixMs),
        sequence,
      });
    }
  }
}

async function readLetters(engine: Engine, topic: string, history: ProcessHistory): Promise<void> {
  for await (const { event, sequence } of eventsOf(engine, topic, 0)) {
    const { source, id, orderingKey: key, attributes } = event;
    history.write({
      k: "deadLetter",
      topic: attributes["dltopic"] ?? "",
      source,
      id,
      key,
      in: topic,
      at: Number(event.offset),
      sub: attributes["dlsubscription"] ?? "",
      cause: attributes["dlcause"] ?? "",
      attempts: Number(attributes["dlattempts"]),
      partition: Number(attributes["dlpartition"]),
      offset: Number(attributes["dloffset"]),
      time: Number(event.appendTimeUnixMs),
      sequence,
    });
  }
}

/** Notes every stored event of every topic, and every dead letter, in the order of their offsets. */
export async function readStored(
  engine: Engine,
  { topics, subscriptions }: SimulationPlan,
  history: ProcessHistory,
): Promise<void> {
  for (const topic of topics) await readTopic(engine, topic, history);
  for (const subscription of subscriptions) {
    try {
      await readLetters(engine, recordedSubscription(subscription).deadLetterTopic, history);
    } catch (error) {
      // It is created with the first dead letter.
      if (!(error instanceof PubSubError) || error.reason !== "TOPIC_NOT_FOUND") throw error;
    }
  }
}
