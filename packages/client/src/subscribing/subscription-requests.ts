import type {
  SeekSubscriptionRequest,
  StartPosition,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { type RetryBackoff, type SubscriptionStart, startOf } from "./subscribe-options.js";

/** Settings of a subscription that may change; those that are not named stay as they are. */
export interface ChangeableSubscriptionSettings {
  /** How long a consumer may keep an event, in milliseconds, 1,000 to 600,000. */
  readonly ackDeadlineMs?: number | undefined;
  /** Backoff between attempts. */
  readonly retry?: RetryBackoff | undefined;
  /** Attempts after which an event is dead-lettered. 0: no bound. */
  readonly attemptsMax?: number | undefined;
  /** Topic of dead letters. */
  readonly deadLetterTopic?: string | undefined;
  /** It is deleted after so long without a consumer, in milliseconds. 0: never. */
  readonly expiryMs?: bigint | undefined;
}

/** Where to move a subscription: exactly one of these. */
export type SeekTarget =
  | SubscriptionStart
  | {
      /** This journal sequence and everything behind it. */
      readonly sequence: bigint;
    }
  | {
      /** Name of a snapshot of the subscription. */
      readonly snapshot: string;
    }
  | {
      /** Topic whose events come again; those of other topics stay as they are. */
      readonly topic: string;
      /** Its partition. Default 0. */
      readonly partition?: number | undefined;
      /** First offset that comes. */
      readonly offset: bigint;
    };

const settingNames: Readonly<Record<keyof ChangeableSubscriptionSettings, string>> = {
  ackDeadlineMs: "ack_deadline_ms",
  retry: "retry",
  attemptsMax: "attempts_max",
  deadLetterTopic: "dead_letter_topic",
  expiryMs: "expiry_ms",
};

/** The changed settings with their names in the contract. */
export function updateOf(settings: ChangeableSubscriptionSettings): {
  readonly settings: Partial<SubscriptionSettings>;
  readonly fields: string[];
} {
  const fields = Object.keys(settings).map(
    (field) => settingNames[field as keyof ChangeableSubscriptionSettings] ?? field,
  );
  const stated = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { settings: Object.fromEntries(stated), fields };
}

/** A target in the contract's form. */
export function seekTargetOf(target: SeekTarget): SeekSubscriptionRequest["target"] {
  // A caller in JavaScript may give anything; `startOf` refuses it.
  if (typeof target === "object" && (target as unknown) !== null) {
    if ("snapshot" in target) return { $case: "snapshot", value: target.snapshot };
    if ("offset" in target) {
      const { topic, partition = 0, offset } = target;
      return { $case: "offset", value: { topic, partition, offset } };
    }
    if ("sequence" in target) {
      const position: StartPosition["position"] = { $case: "sequence", value: target.sequence };
      return { $case: "position", value: { position } };
    }
  }
  return { $case: "position", value: startOf(target as SubscriptionStart) };
}
