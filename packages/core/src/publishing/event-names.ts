import {
  EVENT_ID_BYTES_MAX,
  type EventName,
  NAMES_BYTES_MAX,
  type ScannedHeads,
  TEXT_BYTES_MAX,
} from "@opendxa/pubsub-protocol";
import { requireAtMost, utf8Bytes } from "../delivery/settlement-rules.js";
import type { EventIdentity } from "../state/state-keys.js";

/** Tags and lengths of one name. */
const NAME_FRAMING_BYTES = 9;
const NAME_BYTES_AT_MOST = EVENT_ID_BYTES_MAX + TEXT_BYTES_MAX + NAME_FRAMING_BYTES;

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

/** Checks that the names of some batches' events fit one value of the state. Throws LIMIT_EXCEEDED. */
export function requireNamesFit(batches: readonly ScannedHeads[]): void {
  const count = batches.reduce((sum, heads) => sum + heads.count, 0);
  // Counting bytes costs; it is needed only where they could matter.
  if (count * NAME_BYTES_AT_MOST <= NAMES_BYTES_MAX) return;
  const size = batches.reduce((sum, heads) => sum + namesBytes(heads), 0);
  requireAtMost("batch.names_bytes", NAMES_BYTES_MAX, size);
}

/** Bytes that the names of a batch's events take in a list, from above. */
function namesBytes(heads: ScannedHeads): number {
  let size = 0;
  let before = "";
  for (let i = 0; i < heads.count; i++) {
    const source = heads.source(i);
    size += utf8Bytes(heads.id(i)) + NAME_FRAMING_BYTES;
    if (source !== before) size += utf8Bytes(source);
    before = source;
  }
  return size;
}
