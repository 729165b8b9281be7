import { Durability, TopicIndex, TopicSettings } from "@opendxa/pubsub-protocol";
import { AGED_RETENTION_MS, BOUNDED_RETENTION_BYTES } from "./limits.js";

/** A topic of a life, and what may become of what is stored in it. */
export interface TopicOfLife {
  /** Name. */
  readonly name: string;
  /** Settings. */
  readonly settings: TopicSettings;
  /**
   * Published by a producer that repeats what was not answered. Without one nothing is sent again:
   * what was not answered is there or not.
   */
  readonly hasProducer: boolean;
}

/** Keeps everything and has no index of single events. */
export const ORDERS = "orders";
/** Keeps everything and indexes single events. */
export const EXECUTIONS = "poet/functions/detect_drift/execution";
/** Its events get old. */
export const AGED = "aged";
/** Has a bound on its bytes. */
export const BOUNDED = "bounded";
/** Has durability OS: a power cut may take what nothing durable came after. */
export const VOLATILE = "volatile";
/** Is deleted and created again. */
export const PASSING = "passing";

/** All topics of a life. */
export const TOPICS: readonly TopicOfLife[] = [
  { name: ORDERS, settings: TopicSettings.create({ index: TopicIndex.NONE }), hasProducer: true },
  { name: EXECUTIONS, settings: TopicSettings.create(), hasProducer: true },
  {
    name: AGED,
    settings: TopicSettings.create({
      index: TopicIndex.ID_AND_CORRELATION,
      retentionMs: BigInt(AGED_RETENTION_MS),
    }),
    hasProducer: true,
  },
  {
    name: BOUNDED,
    settings: TopicSettings.create({
      index: TopicIndex.NONE,
      retentionBytes: BigInt(BOUNDED_RETENTION_BYTES),
    }),
    hasProducer: true,
  },
  {
    name: VOLATILE,
    settings: TopicSettings.create({ durability: Durability.OS }),
    hasProducer: false,
  },
  {
    name: PASSING,
    settings: TopicSettings.create({ index: TopicIndex.ID }),
    hasProducer: false,
  },
];

/** Which topics the users of a seed publish to, so that also the beginning of a journal can leave. */
export const HABITS = ["everywhere", "mostly fleeting", "fleeting", "mostly volatile"] as const;

/** See `HABITS`. */
export type Habit = (typeof HABITS)[number];

const OFTEN: Readonly<Record<Habit, readonly string[]>> = {
  everywhere: [ORDERS, EXECUTIONS, AGED, BOUNDED, VOLATILE, PASSING],
  "mostly fleeting": [AGED, BOUNDED],
  fleeting: [AGED, BOUNDED, PASSING],
  "mostly volatile": [VOLATILE],
};

/** Topics that are published to by a habit. */
export function topicsOf(habit: Habit, isRare: boolean): readonly TopicOfLife[] {
  if (isRare && habit !== "fleeting") return TOPICS;
  return TOPICS.filter(({ name }) => OFTEN[habit].includes(name));
}

/** Patterns that match every topic of a life. */
export const PATTERNS = [ORDERS, EXECUTIONS, AGED, BOUNDED, VOLATILE, PASSING];
