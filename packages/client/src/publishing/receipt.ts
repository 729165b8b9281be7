import {
  type BatchRefusal,
  type BatchResult,
  Durability,
  type ErrorReasonName,
  errorReasons,
  hasBit,
  PubSubError,
} from "@opendxa/pubsub-protocol";

/** What holds for a stored event when its publish resolves. */
export type DurabilityName = "fsync" | "os";

/** Says that an event is stored, and where. */
export interface PublishReceipt {
  /** Id of the event, derived from the producer where none was given. */
  readonly id: string;
  /** Topic that holds it. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Offset in the topic-partition; that of the original for a duplicate, 0 while scheduled. */
  readonly offset: bigint;
  /** It had been stored before: by an earlier attempt, or under the same source and id. */
  readonly duplicate: boolean;
  /** It waits for its deliver time; its offset comes with its release. */
  readonly scheduled: boolean;
  /** `fsync`: the bytes are on disk. `os`: a power cut may lose them. */
  readonly durability: DurabilityName;
}

/** Says what became of a batch that was encoded by the caller. */
export interface BatchReceipt {
  /** Topic that holds it. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Events that the batch holds. */
  readonly count: number;
  /** Offset of event 0; event i has `baseOffset + i`. */
  readonly baseOffset: bigint;
  /** Events that were refused: bit i in byte i / 8, least significant first. Empty: none. */
  readonly refused: Uint8Array;
  /** Events that had been stored before, in the same form. Empty: none. */
  readonly duplicates: Uint8Array;
  /** It waits for its deliver time. */
  readonly scheduled: boolean;
  /** `fsync`: the bytes are on disk. `os`: a power cut may lose them. */
  readonly durability: DurabilityName;
}

const NAME_OF_NUMBER: ReadonlyMap<number, ErrorReasonName> = new Map(
  Object.entries(errorReasons).map(([name, { number }]) => [number, name as ErrorReasonName]),
);

/** Name of a reason that came as a number; UNSPECIFIED for one that this version does not know. */
export function reasonName(number: number): ErrorReasonName {
  return NAME_OF_NUMBER.get(number) ?? "UNSPECIFIED";
}

/** The error that a refused batch means for each of its events. */
export function refusalError({ reason, message, metadata }: BatchRefusal): PubSubError {
  return PubSubError.of(reasonName(reason), message, { metadata });
}

/** Name of the durability that a result states. */
export function durabilityName({ durability }: BatchResult): DurabilityName {
  return durability === Durability.OS ? "os" : "fsync";
}

/** What a result says about one event: its error, or where it is stored. */
export type EventOutcome =
  | { readonly error: PubSubError }
  | { readonly offset: bigint; readonly duplicate: boolean };

/**
 * Reads a batch's result event by event.
 *
 * @returns what became of event `index`; to be asked in ascending order
 */
export function eventOutcomes(result: BatchResult): (index: number) => EventOutcome {
  const whole = result.refusal && { error: refusalError(result.refusal) };
  let duplicatesSeen = 0;
  return (index) => {
    if (whole !== undefined) return whole;
    if (hasBit(result.refused, index)) return { error: eventRefusal(result, index) };
    const offset = result.baseOffset + BigInt(index);
    if (!hasBit(result.duplicates, index)) return { offset, duplicate: false };
    const original = result.duplicateOffsets[duplicatesSeen];
    duplicatesSeen += 1;
    return { offset: original ?? offset, duplicate: true };
  };
}

function eventRefusal({ refusals }: BatchResult, index: number): PubSubError {
  const found = refusals.find((refusal) => refusal.index === index);
  if (found === undefined) {
    return PubSubError.of("EVENT_INVALID", "refused; the details of its batch were cut off", {
      metadata: { index },
    });
  }
  const { reason, field, rule } = found;
  return PubSubError.of(reasonName(reason), `${field}: ${rule}`, { metadata: { field, rule } });
}
