import { ACK_DEADLINE_MS, ATTEMPTS_MAX, RETRY_MS } from "./limits.js";
import { SERVED_SETTINGS } from "./served-features.js";

/** A topic of the run. */
export interface PlannedTopic {
  /** Its name. */
  readonly topic: string;
  /** Its partitions. */
  readonly partitions: number;
  /** Its events have ordering keys. */
  readonly isKeyed: boolean;
  /** It deduplicates by id for so long, in milliseconds; 0: not. Then some events are published twice. */
  readonly dedupMs: number;
}

/** A subscription of the run, in the words of a history's record. */
export interface PlannedSubscription {
  readonly sub: string;
  readonly topics: readonly string[];
  readonly order: "none" | "key";
  readonly ackDeadline: number;
  readonly attemptsMax: number;
  readonly deadLetterTopic: string;
  /** Consumers by language. */
  readonly consumers: { readonly typescript: number; readonly python: number };
  /** An operator moves it back to the beginning. */
  readonly isSought: boolean;
}

const PLAIN = "run/plain";
const KEYED = "run/keyed";
const ONCE = "run/once";

/** Topics of the run. */
export const TOPICS: readonly PlannedTopic[] = [
  { topic: PLAIN, partitions: 4, isKeyed: false, dedupMs: 0 },
  { topic: KEYED, partitions: 2, isKeyed: true, dedupMs: 0 },
  { topic: ONCE, partitions: 1, isKeyed: false, dedupMs: 3_600_000 },
];

/** Subscriptions of the run. */
export const SUBSCRIPTIONS: readonly PlannedSubscription[] = [
  planned("all", [PLAIN, KEYED, ONCE], { typescript: 2 }),
  planned("keyed", [KEYED], { typescript: 2, isOrdered: true }),
  planned("mixed", [KEYED, ONCE], { typescript: 1, python: 1 }),
  planned("letters", [PLAIN], { typescript: 2, isBounded: true }),
  planned("sought", [ONCE], { typescript: 1, isSought: true }),
];

/** Backoff between attempts of every subscription. */
export const RETRY = { minMs: RETRY_MS.min, maxMs: RETRY_MS.max };

interface Choice {
  readonly typescript: number;
  readonly python?: number;
  readonly isOrdered?: boolean;
  readonly isBounded?: boolean;
  readonly isSought?: boolean;
}

function planned(sub: string, topics: readonly string[], choice: Choice): PlannedSubscription {
  const { typescript, python = 0, isOrdered = false, isBounded = false, isSought = false } = choice;
  return {
    sub,
    topics,
    order: isOrdered && SERVED_SETTINGS.keyOrder ? "key" : "none",
    ackDeadline: ACK_DEADLINE_MS,
    attemptsMax: isBounded && SERVED_SETTINGS.attemptsMax ? ATTEMPTS_MAX : 0,
    deadLetterTopic: `$dead-letter/${sub}`,
    consumers: { typescript, python },
    isSought,
  };
}
