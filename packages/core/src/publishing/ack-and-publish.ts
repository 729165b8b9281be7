import {
  type AckAndPublishResponse,
  ENTRY_BYTES_MAX,
  Entry,
  type EventsSettled,
  type PositionRanges,
  PubSubError,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import { rangeBytes } from "../delivery/pending-change.js";
import type { SubscriptionDelivery } from "../delivery/subscription-delivery.js";
import type { DecideContext, Decision } from "../state/operation.js";
import type { Loaded } from "../state/state-key.js";
import { storedBytes } from "./entry-size.js";
import { ackAndPublishReserveBytes } from "./limits.js";
import { decideAtomicFrame, type PublishCommand } from "./publish.js";

/** What to settle and what to store. */
export interface AckAndPublishCommand {
  /** What to ack, named by leases. */
  readonly acks: readonly PositionRanges[];
  /** What to store, wholly or not at all. */
  readonly publish: PublishCommand;
}

/** Outcome. */
export interface AckAndPublishReply extends AckAndPublishResponse {
  /** More was asked for than one entry holds: nothing happened. */
  readonly refusal: PubSubError | undefined;
}

/** Ranges that fit one entry beside its batches. Throws LIMIT_EXCEEDED when none do. */
function rangesBeside(batches: readonly StoredBatch[]): number {
  const stored = storedBytes(batches);
  const room = ENTRY_BYTES_MAX - ackAndPublishReserveBytes - stored;
  if (room >= rangeBytes) return Math.floor(room / rangeBytes);
  const limit = ENTRY_BYTES_MAX - ackAndPublishReserveBytes - rangeBytes;
  const text = `events that are published with acks may have ${limit} bytes, not ${stored}`;
  throw PubSubError.of("LIMIT_EXCEEDED", text, {
    metadata: { field: "frame", limit, size: stored },
  });
}

/**
 * Decides a call that settles inputs and stores outputs in one entry. A frame that has something to
 * refuse, a stale lease, or more than one entry holds: nothing happens but that what the delivery
 * had to journal before is journalled.
 *
 * @param drained takes everything that the delivery has to journal
 */
export function decideAckAndPublish(
  loaded: Loaded,
  { acks, publish }: AckAndPublishCommand,
  delivery: { readonly delivery: SubscriptionDelivery; readonly drained: () => Entry[] },
  context: DecideContext,
): Decision<AckAndPublishReply> {
  const frame = decideAtomicFrame(loaded, publish, context);
  const { results } = frame;
  if (frame.isRefused) return { entries: [], reply: { stale: false, results, refusal: undefined } };
  const ranges = rangesBeside(frame.batches);
  const entries = delivery.drained();
  let settled: EventsSettled | undefined;
  try {
    settled = delivery.delivery.tryAck(acks, ranges);
  } catch (error) {
    if (!(error instanceof PubSubError)) throw error;
    return { entries, reply: { stale: false, results: [], refusal: error } };
  }
  if (settled === undefined) {
    return { entries, reply: { stale: true, results: [], refusal: undefined } };
  }
  const kind = { $case: "eventsSettled", value: settled } as const;
  const both = Entry.create({ kind, batches: [...frame.batches] });
  return {
    entries: [...entries, ...frame.created, both],
    reply: { stale: false, results, refusal: undefined },
  };
}
