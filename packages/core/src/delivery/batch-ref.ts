import type { SequenceRef_Batch } from "@opendxa/pubsub-protocol";
import { type Lane, laneOf } from "./lane.js";

/** Where the bytes of a batch lie. */
export interface PayloadPlace {
  /** Sequence of the entry that holds them. */
  readonly sequence: bigint;
  /** Index of its event 0 within that entry. */
  readonly firstIndex: number;
}

/** A durable batch that matches a subscription: what a delivery needs to know of it. */
export interface BatchRef {
  /** Sequence of its entry, or of its release when it was scheduled. */
  readonly sequence: bigint;
  /** Index of its event 0 within the entry; 0 when it was scheduled. */
  readonly firstIndex: number;
  /** Number of its events, excluded ones included. */
  readonly count: number;
  /** Refused, duplicate and cancelled events: bit i in byte i / 8, least significant first. Empty: none. */
  readonly excluded: Uint8Array;
  /** Bytes of heads and bodies. */
  readonly bytes: number;
  /** Number of its topic. */
  readonly topicId: number;
  /** Its partition. */
  readonly partition: number;
  /** Offset of its event 0. */
  readonly baseOffset: bigint;
  /** Its lane, as published. */
  readonly lane: Lane;
  /** An event of it has an expire time. */
  readonly expires: boolean;
  /** Its events are dead letters, which are never dead-lettered again. */
  readonly isDeadLetter: boolean;
  /** Where its bytes lie: elsewhere than its position when it was scheduled. */
  readonly payload: PayloadPlace;
}

/** What a line of the index says of a batch that is listed under a sequence. */
export function batchRefOf(sequence: bigint, line: SequenceRef_Batch): BatchRef {
  const { firstIndex, count, excluded, bytes, topicId, partition, baseOffset } = line;
  const place = { sequence, firstIndex };
  const payload =
    line.payloadSequence === undefined
      ? place
      : { sequence: line.payloadSequence, firstIndex: line.payloadFirstIndex };
  return {
    ...place,
    count,
    excluded,
    bytes,
    topicId,
    partition,
    baseOffset,
    lane: laneOf(line.priority),
    expires: line.expires,
    isDeadLetter: line.deadLetters,
    payload,
  };
}
