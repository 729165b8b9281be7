import type { Engine } from "@opendxa/pubsub-engine";
import { decodeBatch } from "@opendxa/pubsub-protocol";
import { collectingInbox, joinLearner, TOPICS } from "./life.js";
import { turnsUntil } from "./turns.js";
import { eventKey, type Witness } from "./witness.js";

/** What a topic holds, in the order of its offsets. */
async function readAll(engine: Engine, topic: string) {
  const found: { readonly key: string; readonly offset: bigint; readonly data: string }[] = [];
  const range = { topic, partition: 0, offset: 0n, eventsMax: 0n, follow: false };
  for await (const group of engine.readEvents(range, new AbortController().signal)) {
    for (const { batch, selected } of group) {
      if (batch === undefined) throw new Error("a read without a batch");
      for (const event of decodeBatch(batch, { selected })) {
        const data = Buffer.from(event.data).toString();
        found.push({ key: eventKey(topic, event.id), offset: event.offset, data });
      }
    }
  }
  return found;
}

async function judgeTopic(engine: Engine, witness: Witness, topic: string): Promise<string[]> {
  const faults: string[] = [];
  const topicExists = await engine.getTopic(topic).then(
    () => true,
    () => false,
  );
  const found = topicExists ? await readAll(engine, topic) : [];
  const offsets = new Map<string, bigint>();
  let newest = 0;
  for (const { key, offset, data } of found) {
    const issued = witness.issued.get(key);
    if (issued === undefined) faults.push(`invented: ${key} at offset ${offset}`);
    else if (issued.data !== data) faults.push(`altered: ${key}`);
    if (offsets.has(key)) faults.push(`twice: ${key} at ${offsets.get(key)} and ${offset}`);
    offsets.set(key, offset);
    const order = issued?.order ?? 0;
    if (order <= newest) faults.push(`out of order: ${key}`);
    newest = order;
  }
  for (const [key, offset] of witness.acked) {
    if (!key.startsWith(`${topic} `) || offsets.get(key) === offset) continue;
    faults.push(`lost: ${key}, acknowledged at ${offset}, is at ${offsets.get(key)}`);
  }
  return faults;
}

/** What is not settled must come, what was said to be settled must not. */
async function judgeDelivery(
  engine: Engine,
  witness: Witness,
  advance: () => void,
): Promise<string[]> {
  const inbox = collectingInbox();
  const consumer = await joinLearner(engine, inbox.sink);
  const due = [...witness.acked.keys()].filter((key) => !witness.settlementSent.has(key));
  const received = () => new Set(inbox.received);
  const hasCome = await turnsUntil(() => {
    advance();
    const seen = received();
    return due.every((key) => seen.has(key));
  });
  consumer.close();
  const seen = received();
  const faults = hasCome
    ? []
    : due.filter((key) => !seen.has(key)).map((key) => `never delivered: ${key}`);
  for (const key of witness.settled) {
    if (seen.has(key)) faults.push(`delivered after its ack was confirmed: ${key}`);
  }
  return faults;
}

async function judgeFeedback(engine: Engine, witness: Witness): Promise<string[]> {
  const faults: string[] = [];
  const expected = new Map<string, number>();
  for (const executionId of witness.feedback.values()) {
    expected.set(executionId, (expected.get(executionId) ?? 0) + 1);
  }
  for (const executionId of witness.executions) {
    const execution = await engine.getExecution(executionId).catch(() => undefined);
    const least = expected.get(executionId) ?? 0;
    if (execution === undefined) faults.push(`lost: execution ${executionId}`);
    else if (execution.feedbackReceived < least) {
      faults.push(`lost: feedback of ${executionId}, ${execution.feedbackReceived} of ${least}`);
    }
  }
  return faults;
}

/** Everything that a recovered engine does that it never may; empty when all is well. */
export async function judgeEngine(
  engine: Engine,
  witness: Witness,
  advance: () => void,
): Promise<string[]> {
  const faults: string[] = [];
  for (const topic of TOPICS) faults.push(...(await judgeTopic(engine, witness, topic)));
  faults.push(...(await judgeFeedback(engine, witness)));
  faults.push(...(await judgeDelivery(engine, witness, advance)));
  return faults;
}
