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
import { expiredCursor, sequencesTouched, settledWrites } from "./settled-state.js";

function settledReads(change: EventsSettled): AnyStateKey[] {
  const { subscriptionId } = change;
  return [
    stateKeys.cursor(subscriptionId),
    ...[...sequencesTouched(change)].map((sequence) =>
      stateKeys.cursorException(subscriptionId, sequence),
    ),
  ];
}

function reads(entry: Entry, _sequence: bigint, loaded: Loaded): readonly AnyStateKey[] {
  switch (entry.kind?.$case) {
    case "eventsSettled":
      return missingKeys(loaded, settledReads(entry.kind.value));
    case "eventsExpired":
      return missingKeys(
        loaded,
        entry.kind.value.counts.map(({ subscriptionId }) => stateKeys.cursor(subscriptionId)),
      );
    default:
      return noKeys;
  }
}

function settled(loaded: Loaded, change: EventsSettled): StateWrite[] {
  const { subscriptionId } = change;
  const cursorKey = stateKeys.cursor(subscriptionId);
  const { cursor, exceptions } = settledWrites(
    {
      cursor: loaded.get(cursorKey),
      exceptionOf: (sequence) => loaded.get(stateKeys.cursorException(subscriptionId, sequence)),
    },
    change,
  );
  const writes = cursor === undefined ? [] : [stateWrite(cursorKey, cursor)];
  for (const [sequence, exception] of exceptions) {
    writes.push(stateWrite(stateKeys.cursorException(subscriptionId, sequence), exception));
  }
  return writes;
}

function expired(loaded: Loaded, { counts }: EventsExpired): StateWrite[] {
  return counts.flatMap((count) => {
    const key = stateKeys.cursor(count.subscriptionId);
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
