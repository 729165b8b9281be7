import type { CrashMode } from "@opendxa/pubsub-simulated";
import { Inbox, joinLearner } from "./inbox.js";
import { judgeAccounting } from "./judge-accounting.js";
import { forgetUnanswered, judgeTopic, resolvePassing, resolveVolatile } from "./judge-topics.js";
import type { SimulatedEngine } from "./simulated-engine.js";
import { readTopics } from "./stored-events.js";
import { turnsUntil } from "./turns.js";
import type { Witness } from "./witness.js";

/** Names of acknowledged events that must come: they are there for sure and nobody acked them. */
function dueOf(witness: Witness): string[] {
  return [...witness.acked]
    .filter(([, { batch }]) => {
      const isThere = batch.incarnation === witness.incarnationOf(batch.topic);
      return isThere && batch.mayBeGone === undefined;
    })
    .map(([key]) => key)
    .filter((key) => !witness.settlementSent.has(key));
}

/** What is not settled must come, what was said to be settled must not. */
async function judgeDelivery(world: SimulatedEngine): Promise<string[]> {
  const { engine, witness, time } = world;
  const inbox = new Inbox(time);
  const consumer = await joinLearner(engine, inbox);
  const missing = () => dueOf(witness).filter((key) => !inbox.received.has(key));
  await turnsUntil(() => {
    world.pass(100);
    return inbox.ended !== undefined || missing().length === 0;
  });
  consumer.close();
  if (inbox.ended !== undefined) throw inbox.ended;
  const faults = missing().map((key) => `never delivered: ${key}`);
  for (const key of witness.settled) {
    if (inbox.received.has(key)) faults.push(`delivered after its ack was confirmed: ${key}`);
  }
  return faults;
}

async function judgeFeedback({ engine, witness }: SimulatedEngine): Promise<string[]> {
  const faults: string[] = [];
  const expected = new Map<string, number>();
  for (const executionId of witness.feedback.values()) {
    expected.set(executionId, (expected.get(executionId) ?? 0) + 1);
  }
  for (const executionId of witness.executions.keys()) {
    const execution = await engine.getExecution(executionId).catch(() => undefined);
    const least = expected.get(executionId) ?? 0;
    if (execution === undefined) faults.push(`lost: execution ${executionId}`);
    else if (execution.feedbackReceived < least) {
      faults.push(`lost: feedback of ${executionId}, ${execution.feedbackReceived} of ${least}`);
    }
  }
  return faults;
}

/**
 * Everything that a recovered engine does that it never may; empty when all is well. `mode` is what
 * the end before may have taken.
 */
export async function judgeEngine(world: SimulatedEngine, mode: CrashMode): Promise<string[]> {
  const { witness } = world;
  const topics = await readTopics(world.engine);
  resolvePassing(witness, topics);
  const faults = [...witness.faults, ...resolveVolatile(witness, topics, mode)];
  forgetUnanswered(witness, topics);
  for (const topic of topics) faults.push(...judgeTopic(world, topic));
  faults.push(...(await judgeFeedback(world)));
  if (faults.length > 0) return faults;
  faults.push(...(await judgeDelivery(world)));
  faults.push(...(await judgeAccounting(world)));
  return faults;
}
