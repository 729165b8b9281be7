import type { SubscriptionDelivery } from "@opendxa/pubsub-core";
import type { CatchUpParts } from "./catch-up.js";
import type { CommandLoop } from "./command-loop.js";
import type { Clock, EngineLog, Random, Timers } from "./environment.js";
import type { GrantSenderParts } from "./grant-sender.js";

/** What all active subscriptions share. */
export interface DispatchParts extends CatchUpParts, GrantSenderParts {
  /** Where settlements are decided. */
  readonly loop: CommandLoop;
  /** Lease and retry times. */
  readonly clock: Clock;
  /** Lease and retry timers. */
  readonly timers: Timers;
  /** Jitter. */
  readonly random: Random;
  /** Told of what cannot be done. */
  readonly log: EngineLog;
}

/** A subscription that is taken up. */
export interface DispatchedSubscription {
  /** Name. */
  readonly name: string;
  /** Its topic patterns. */
  readonly patterns: readonly string[];
  /** State machine. */
  readonly delivery: SubscriptionDelivery;
  /** Whether a topic matches, named by its number. */
  readonly matches: (topicId: number) => boolean;
  /** The last one who needed it is gone, without a call. */
  readonly onIdle: () => void;
}
