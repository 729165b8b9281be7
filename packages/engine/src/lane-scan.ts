import { type Lane, stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import { Priority, SequenceRef_Batch } from "@opendxa/pubsub-protocol";
import { scanPageMax } from "./limits.js";

/** A batch as the index lists it. */
export interface ListedLine {
  /** Sequence under which it is listed. */
  readonly sequence: bigint;
  /** What dispatch knows of it. */
  readonly line: SequenceRef_Batch;
}

/** One page of a lane. */
export interface LanePage {
  /** Batches in order; those of other lanes may be among them. */
  readonly lines: readonly ListedLine[];
  /** Nothing more is listed in the range. */
  readonly isLast: boolean;
}

/** Sequences from which to which, both included. */
export interface SequenceSpan {
  /** First. */
  readonly from: bigint;
  /** Last. */
  readonly to: bigint;
}

function sequenceOfKey(key: string, prefixLength: number): bigint {
  return BigInt(`0x${key.slice(prefixLength, prefixLength + 16)}`);
}

async function normalPage(index: IndexStore, { from, to }: SequenceSpan): Promise<LanePage> {
  const found = await index.scan({
    gte: stateKeys.sequence(from, 0).name,
    lt: stateKeys.sequence(to + 1n, 0).name,
    limit: scanPageMax,
  });
  const lines = found.map(({ key, value }) => ({
    sequence: sequenceOfKey(key, 2),
    line: SequenceRef_Batch.decode(value),
  }));
  return { lines, isLast: found.length < scanPageMax };
}

/**
 * One page of the batches of a lane. HIGH and LOW have keys of their own; NORMAL, which is also the
 * only lane of an ordered subscription, goes through all.
 */
export async function scanLane(
  index: IndexStore,
  lane: Lane,
  span: SequenceSpan,
): Promise<LanePage> {
  if (lane === Priority.NORMAL) return normalPage(index, span);
  const found = await index.scan({
    gte: stateKeys.lane(lane, span.from, 0).name,
    lt: stateKeys.lane(lane, span.to + 1n, 0).name,
    limit: scanPageMax,
  });
  const keys = found.map(({ key }) => `s/${key.slice(4)}`);
  const values = keys.length === 0 ? [] : await index.getMany(keys);
  const lines = keys.flatMap((key, i) => {
    const value = values[i];
    if (value === undefined) throw new Error(`the index lists ${key} in a lane only`);
    return [{ sequence: sequenceOfKey(key, 2), line: SequenceRef_Batch.decode(value) }];
  });
  return { lines, isLast: found.length < scanPageMax };
}
