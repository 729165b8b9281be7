import type { EventName } from "@opendxa/pubsub-protocol";
import type { EventIdentity } from "../state/state-keys.js";

/**
 * Writes names as lists hold them: a source that repeats the one before is left out, because a batch
 * states it once for all of its events. `undefined` takes a place without an event.
 */
export function packNames(names: Iterable<EventIdentity | undefined>): EventName[] {
  const packed: EventName[] = [];
  let before = "";
  for (const name of names) {
    if (name === undefined) {
      packed.push({ source: "", id: "" });
      continue;
    }
    packed.push({ source: name.source === before ? "" : name.source, id: name.id });
    before = name.source;
  }
  return packed;
}

/** Reads names back, by their places. */
export function unpackNames(packed: readonly EventName[]): (EventIdentity | undefined)[] {
  let before = "";
  return packed.map(({ source, id }) => {
    if (id === "") return undefined;
    if (source !== "") before = source;
    return { source: before, id };
  });
}
