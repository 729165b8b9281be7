/** How much the delivery scenario does, in its two sizes. */
export interface DeliverySizes {
  /** Events that one delivery measurement publishes. */
  readonly loadEvents: number;
  /** Subscriptions without consumers that a live one must not pay for. */
  readonly idleSubscriptions: number;
  /** Events that lie in the log before a live subscription. */
  readonly logEvents: number;
  /** Events that are settled batch by batch. */
  readonly settledInBatches: number;
  /** Events that are settled one by one, in any order. */
  readonly settledAtRandom: number;
  /** Deliveries of a fan-out, over all subscriptions. */
  readonly fanOutDeliveries: number;
  /** Ordering keys among which one is poisoned. */
  readonly fairnessKeys: number;
  /** Events beside the poisoned key: so many that each key has one. */
  readonly fairnessKeyedEvents: number;
  /** Events beside the stuck consumer. */
  readonly fairnessEvents: number;
  /** Of both, those that come before any is measured. */
  readonly fairnessWarmUpEvents: number;
  /** How long the disk alone is looked at, in milliseconds: its moods come and go. */
  readonly diskAloneMs: number;
  /** Topics whose subscriptions are found. */
  readonly matchedTopics: number;
  /** Patterns among which they are found. */
  readonly patterns: number;
  /** Longest that one load may take, in milliseconds. */
  readonly loadMsMax: number;
}

/** What the plan asks for. */
export function fullSizes(): DeliverySizes {
  return {
    loadEvents: 400_000,
    idleSubscriptions: 1_000,
    logEvents: 10_000_000,
    settledInBatches: 1_000_000,
    settledAtRandom: 200_000,
    fanOutDeliveries: 1_000_000,
    fairnessKeys: 100_000,
    fairnessKeyedEvents: 102_000,
    fairnessEvents: 60_000,
    fairnessWarmUpEvents: 10_000,
    diskAloneMs: 10_000,
    matchedTopics: 100_000,
    patterns: 10_000,
    loadMsMax: 300_000,
  };
}

/** A smoke test: everything runs, nothing can be concluded. */
export const quickSizes: DeliverySizes = {
  loadEvents: 4_000,
  idleSubscriptions: 10,
  logEvents: 10_000,
  settledInBatches: 10_000,
  settledAtRandom: 2_000,
  fanOutDeliveries: 10_000,
  fairnessKeys: 100,
  fairnessKeyedEvents: 1_000,
  fairnessEvents: 1_000,
  fairnessWarmUpEvents: 100,
  diskAloneMs: 100,
  matchedTopics: 10_000,
  patterns: 1_000,
  loadMsMax: 30_000,
};

/** Bytes of an event in every delivery figure that does not say otherwise. */
export const EVENT_BYTES = 200;
/** Events of a frame. */
export const FRAME_EVENTS = 1_000;
/** Unacknowledged frames; more only wait in a queue (decision 0001). */
export const FRAMES_IN_FLIGHT = 16;
