import type { Consumer, ConsumerSink, Engine } from "@opendxa/pubsub-engine";
import {
  decodeBatch,
  StartPosition,
  SubscribeOpen,
  SubscriptionSettings,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import type { EntryTime } from "./entry-time.js";
import { PATTERNS, VOLATILE } from "./topics.js";
import { eventKey } from "./witness.js";

/** Subscription with a consumer, on all topics of a life. */
export const LEARNER = "learner";
/** Subscription on the same that nobody ever joins: everything that leaves is expired for it. */
export const ARCHIVE = "archive";

/** Settings of both subscriptions, which begin with the first event ever. */
export function subscriptionSettings(): SubscriptionSettings {
  return SubscriptionSettings.create({
    patterns: PATTERNS,
    start: StartPosition.create({ position: { $case: "earliest", value: true } }),
  });
}

/** A leased event. */
export interface Leased {
  /** Its name among the witness's. */
  readonly key: string;
  /** Lease. */
  readonly lease: bigint;
  /** Sequence of its entry. */
  readonly sequence: bigint;
  /** Index within it. */
  readonly index: number;
}

/** A consumer that keeps what it gets until somebody settles it. */
export class Inbox implements ConsumerSink {
  /** What is not settled. */
  readonly leased: Leased[] = [];
  /** Names of all events that came. */
  readonly received = new Set<string>();
  /** Why it was ended. */
  ended: Error | undefined;
  readonly #time: EntryTime;
  readonly #onVerdicts: (verdicts: Verdicts) => void;

  /** Tells `time` when durable events were stored. */
  constructor(time: EntryTime, onVerdicts: (verdicts: Verdicts) => void = () => undefined) {
    this.#time = time;
    this.#onVerdicts = onVerdicts;
  }

  deliver: ConsumerSink["deliver"] = ({ batches }) => {
    for (const { batch, selected, lease, sequence, firstIndex } of batches) {
      if (batch === undefined) throw new Error("a delivery without a batch");
      if (batch.topic !== VOLATILE) this.#time.saw(Number(batch.appendTimeUnixMs));
      for (const event of decodeBatch(batch, { selected })) {
        const key = eventKey(batch.topic, event.id);
        const index = firstIndex + Number(event.offset - batch.baseOffset);
        this.received.add(key);
        this.leased.push({ key, lease, sequence, index });
      }
    }
    return true;
  };

  verdicts: ConsumerSink["verdicts"] = (verdicts) => this.#onVerdicts(verdicts);
  notice: ConsumerSink["notice"] = () => undefined;
  end: ConsumerSink["end"] = (error) => {
    this.ended = error;
  };
}

/** Joins a consumer to the subscription `LEARNER`. */
export function joinLearner(engine: Engine, sink: ConsumerSink): Promise<Consumer> {
  const credit = { bytes: 10_000_000n, events: 10_000 };
  const settings = subscriptionSettings();
  return engine.subscribe(SubscribeOpen.create({ subscription: LEARNER, settings, credit }), sink);
}
