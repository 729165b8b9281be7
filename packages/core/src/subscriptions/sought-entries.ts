import {
  type CursorException,
  Entry,
  type LaneCursor,
  type LaneException,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import type { LanePosition } from "../delivery/lane-state.js";
import { changeBytesMax } from "../delivery/limits.js";

/** Serialized bytes of an exception's head, and of one run of settled events, at most. */
const exceptionBytes = 32;
const runBytes = 24;

/** A subscription before or after it was moved. */
export interface Placed {
  /** What is stored by its name. */
  readonly state: SubscriptionState;
  /** Where it stands. */
  readonly lanes: readonly LanePosition[];
}

function isSame(a: CursorException | undefined, b: CursorException): boolean {
  if (a === undefined || a.runs.length !== b.runs.length) return false;
  return a.runs.every((run, i) => {
    const other = b.runs[i];
    return (
      run.settled && other?.settled === true && run.first === other.first && run.last === other.last
    );
  });
}

/** Exceptions in groups that fit an entry, each at least one. */
function chunked(exceptions: readonly LaneException[]): LaneException[][] {
  const chunks: LaneException[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of exceptions) {
    const size = exceptionBytes + runBytes * (each.exception?.runs.length ?? 0);
    if (bytes + size > changeBytesMax) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(each);
    bytes += size;
  }
  return chunks;
}

function soughtEntry(
  subscription: SubscriptionState,
  cursors: LaneCursor[],
  exceptions: LaneException[],
): Entry {
  const value = { subscription, cursors, exceptions };
  return Entry.create({ kind: { $case: "subscriptionSought", value } });
}

/**
 * The entries that move a subscription, one where they fit. Otherwise exceptions vanish before the
 * cursors move and come up afterwards: whatever is cut off then, an event that was settled may come
 * again, and none that should come is taken as settled.
 */
export function soughtEntries(before: Placed, after: Placed): Entry[] {
  const removed: LaneException[] = [];
  const laid: LaneException[] = [];
  for (const { lane, exceptions } of before.lanes) {
    const kept = after.lanes.find((each) => each.lane === lane)?.exceptions;
    for (const sequence of exceptions.keys()) {
      if (kept?.has(sequence) !== true) removed.push({ lane, sequence, exception: undefined });
    }
  }
  for (const { lane, exceptions } of after.lanes) {
    const old = before.lanes.find((each) => each.lane === lane)?.exceptions;
    for (const [sequence, exception] of exceptions) {
      if (!isSame(old?.get(sequence), exception)) laid.push({ lane, sequence, exception });
    }
  }
  const cursors = after.lanes.map(({ lane, cursor }) => ({ lane, cursor }));
  const all = chunked([...removed, ...laid]);
  if (all.length <= 1) return [soughtEntry(after.state, cursors, all[0] ?? [])];
  const [first = [], ...rest] = chunked(laid);
  return [
    ...chunked(removed).map((chunk) => soughtEntry(before.state, [], chunk)),
    soughtEntry(after.state, cursors, first),
    ...rest.map((chunk) => soughtEntry(after.state, [], chunk)),
  ];
}
