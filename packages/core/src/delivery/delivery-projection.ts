import type { Entry, EventsExpired, EventsSettled } from "@opendxa/pubsub-protocol";
import type { Projection } from "../state/operation.js";
import {
  type AnyStateKey,
  type Loaded,
  missingKeys,
  noKeys,
  type StateWrite,
  stateWrite,
} from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { laneOf } from "./lane.js";
import { expiredCursor, sequencesTouched, settledWrites } from "./settled-state.js";

/** An entry's changes, one a lane. */
function lanesOf(change: EventsSettled): readonly EventsSettled[] {
  return change.otherLanes.length === 0 ? [change] : [change, ...change.otherLanes];
}

function settledReads(change: EventsSettled): AnyStateKey[] {
  const { subscriptionId } = change;
  return lanesOf(change).flatMap((part) => {
    const lane = laneOf(part.lane);
    const exceptions = [...sequencesTouched(part)].map((sequence) =>
      stateKeys.cursorException(subscriptionId, sequence, lane),
    );
    return [stateKeys.cursor(subscriptionId, lane), ...exceptions];
  });
}

function reads(entry: Entry, _sequence: bigint, loaded: Loaded): readonly AnyStateKey[] {
  switch (entry.kind?.$case) {
    case "eventsSettled":
      return missingKeys(loaded, settledReads(entry.kind.value));
    case "eventsExpired":
      return missingKeys(
        loaded,
        entry.kind.value.counts.map(({ subscriptionId, lane }) =>
          stateKeys.cursor(subscriptionId, laneOf(lane)),
        ),
      );
    default:
      return noKeys;
  }
}

function settledLane(loaded: Loaded, subscriptionId: number, change: EventsSettled): StateWrite[] {
  const lane = laneOf(change.lane);
  const cursorKey = stateKeys.cursor(subscriptionId, lane);
  const exceptionKey = (sequence: bigint) =>
    stateKeys.cursorException(subscriptionId, sequence, lane);
  const { cursor, exceptions } = settledWrites(
    {
      cursor: loaded.get(cursorKey),
      exceptionOf: (sequence) => loaded.get(exceptionKey(sequence)),
    },
    change,
  );
  const writes = cursor === undefined ? [] : [stateWrite(cursorKey, cursor)];
  for (const [sequence, exception] of exceptions) {
    writes.push(stateWrite(exceptionKey(sequence), exception));
  }
  return writes;
}

function settled(loaded: Loaded, change: EventsSettled): StateWrite[] {
  return lanesOf(change).flatMap((part) => settledLane(loaded, change.subscriptionId, part));
}

function expired(loaded: Loaded, { counts }: EventsExpired): StateWrite[] {
  return counts.flatMap((count) => {
    const key = stateKeys.cursor(count.subscriptionId, laneOf(count.lane));
    const cursor = loaded.get(key);
    return cursor === undefined ? [] : [stateWrite(key, expiredCursor(cursor, count))];
  });
}

function apply(loaded: Loaded, entry: Entry): readonly StateWrite[] {
  switch (entry.kind?.$case) {
    case "eventsSettled":
      return settled(loaded, entry.kind.value);
    case "eventsExpired":
      return expired(loaded, entry.kind.value);
    default:
      return [];
  }
}

/** What settlements and expiry make of cursors and exceptions. */
export const deliveryProjection: Projection = { reads, apply };
