import { ARCHIVE, LEARNER } from "./inbox.js";
import { COUNTED_WITHIN_SECONDS } from "./limits.js";
import type { SimulatedEngine } from "./simulated-engine.js";
import { readTopics, type StoredTopic } from "./stored-events.js";
import type { Witness } from "./witness.js";

/** Bounds of what a subscription must have counted. */
interface Expected {
  readonly least: bigint;
  readonly most: bigint;
}

/** All that was ever stored and is not there any more, each once. */
function goneOf({ passing }: Witness, topics: readonly StoredTopic[]): bigint {
  const gone = topics.map(({ storedEver, events }) => storedEver - BigInt(events.length));
  return gone.reduce((sum, count) => sum + count, passing.storedByDeleted);
}

/** Of what left, what the learner had not settled: an ack without an answer may have come or not. */
function unsettledOf(witness: Witness, topics: readonly StoredTopic[], gone: bigint): Expected {
  const found = new Set(topics.flatMap(({ events }) => events.map(({ key }) => key)));
  let settled = 0n;
  let unknown = 0n;
  for (const key of witness.settlementSent) {
    if (found.has(key)) continue;
    if (witness.settled.has(key)) settled += 1n;
    else unknown += 1n;
  }
  return { least: gone - settled - unknown, most: gone - settled };
}

async function expiredOf({ engine }: SimulatedEngine, subscription: string): Promise<bigint> {
  return (await engine.getSubscription(subscription)).expired;
}

function isWithin(count: bigint, { least, most }: Expected): boolean {
  return least <= count && count <= most;
}

/**
 * Whatever left before it was settled is counted as expired, once. What a deleted topic held leaves
 * in the background: time passes until that is done.
 */
export async function judgeAccounting(world: SimulatedEngine): Promise<string[]> {
  let faults: string[] = [];
  for (let second = 0; second < COUNTED_WITHIN_SECONDS; second += 1) {
    if (!(await world.settled())) return ["hangs: the index never catches up"];
    const topics = await readTopics(world.engine);
    const gone = goneOf(world.witness, topics);
    const unsettled = unsettledOf(world.witness, topics, gone);
    const archive = await expiredOf(world, ARCHIVE);
    const learner = await expiredOf(world, LEARNER);
    faults = [];
    if (archive !== gone) faults.push(`expired ${archive} for ${ARCHIVE}, where ${gone} left`);
    if (!isWithin(learner, unsettled)) {
      const { least, most } = unsettled;
      faults.push(`expired ${learner} for ${LEARNER}, not ${least} to ${most}`);
    }
    if (faults.length === 0) return [];
    world.pass(1_000);
  }
  return faults;
}
