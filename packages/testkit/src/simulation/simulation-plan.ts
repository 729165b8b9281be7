import type { SeededRandom } from "@opendxa/pubsub-simulated";
import { SERVED_SETTINGS } from "../history/served-features.js";
import { ACK_DEADLINE_MS, ATTEMPTS_MAX } from "./limits.js";

/** A topic of a simulated world. */
export interface SimulatedTopic {
  /** Its name. */
  readonly topic: string;
  /** Its partitions. */
  readonly partitions: number;
  /** Its events have ordering keys, of so many; 0: they have none. */
  readonly keys: number;
  /** Its batches are published with priorities by chance. */
  readonly hasLanes: boolean;
}

/** A subscription of a simulated world. */
export interface SimulatedSubscription {
  /** Its name. */
  readonly sub: string;
  /** Its topics. */
  readonly topics: readonly string[];
  /** Its order. */
  readonly order: "none" | "key";
  /** Attempts after which an event is given up; 0: never. */
  readonly attemptsMax: number;
  /** Consumers. */
  readonly consumers: number;
}

/** How often something strikes: mean virtual milliseconds between two strikes. */
export interface StrikeEveryMs {
  /** The broker ends without a word. */
  readonly brokerCrash: number;
  /** A connection is reset. */
  readonly reset: number;
  /** A connection goes silent. */
  readonly silence: number;
  /** A connection gets slow. */
  readonly slow: number;
  /** A consumer leaves, and comes back later. */
  readonly leave: number;
}

/** What one seed does. */
export interface SimulationPlan {
  /** Topics. */
  readonly topics: readonly SimulatedTopic[];
  /** Subscriptions. */
  readonly subscriptions: readonly SimulatedSubscription[];
  /** Publishers, each to all topics. */
  readonly publishers: number;
  /** Virtual time of publishing, in milliseconds. */
  readonly durationMs: number;
  /** Mean virtual time between two batches of a publisher, in milliseconds. */
  readonly publishEveryMs: number;
  /** Share of events that a consumer nacks. */
  readonly nackShare: number;
  /** Share of events that a consumer forgets, so that their lease ends. */
  readonly forgetShare: number;
  /** Of so many events one is never acked, where a bound of attempts ends that; 0: none is. */
  readonly poisonedOf: number;
  /** Strikes. */
  readonly strikes: StrikeEveryMs;
}

/** Draws a plan: few of everything, so that all of it meets. */
export function planSimulation(random: SeededRandom): SimulationPlan {
  const topics: SimulatedTopic[] = [
    {
      topic: "plain",
      partitions: random.nextInt(1, 3),
      keys: 0,
      hasLanes: SERVED_SETTINGS.priorities,
    },
    {
      topic: "keyed",
      partitions: random.nextInt(1, 2),
      keys: random.nextInt(1, 6),
      hasLanes: false,
    },
  ];
  const isRare = random.nextBoolean(0.3);
  const every = (ms: number) => (isRare ? ms * 10 : ms) * (0.5 + random.nextFloat());
  return {
    topics,
    subscriptions: subscriptionsOf(random),
    publishers: random.nextInt(1, 3),
    durationMs: random.nextInt(20_000, 60_000),
    publishEveryMs: random.nextInt(100, 1_500),
    nackShare: random.nextFloat() * 0.2,
    forgetShare: random.nextFloat() * 0.05,
    poisonedOf: random.nextBoolean(0.5) ? random.nextInt(5, 40) : 0,
    strikes: {
      brokerCrash: every(25_000),
      reset: every(8_000),
      silence: every(30_000),
      slow: every(20_000),
      leave: every(10_000),
    },
  };
}

function subscriptionsOf(random: SeededRandom): SimulatedSubscription[] {
  const bounded = SERVED_SETTINGS.attemptsMax ? ATTEMPTS_MAX : 0;
  const consumers = () => random.nextInt(1, 4);
  const none = { order: "none", attemptsMax: 0 } as const;
  const order = SERVED_SETTINGS.keyOrder ? "key" : "none";
  return [
    { sub: "all", topics: ["plain", "keyed"], ...none, consumers: consumers() },
    { sub: "ordered", topics: ["keyed"], order, attemptsMax: 0, consumers: consumers() },
    {
      sub: "bounded",
      topics: ["plain", "keyed"],
      order: random.nextBoolean() ? order : "none",
      attemptsMax: bounded,
      consumers: consumers(),
    },
  ];
}

/** The broker's settings of a planned subscription, in the words of a history's record. */
export function recordedSubscription(planned: SimulatedSubscription) {
  const { sub, topics, order, attemptsMax } = planned;
  return {
    k: "subscription",
    sub,
    topics,
    order,
    ackDeadline: ACK_DEADLINE_MS,
    attemptsMax,
    deadLetterTopic: `$dead-letter/${sub}`,
  } as const;
}
