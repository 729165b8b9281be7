import { sha256Hex } from "./sha256.js";

/** Identifies received feedback in the state: source and id, so written that no two pairs meet. */
export function feedbackKeyOf(source: string, id: string): string {
  return `${encodeURIComponent(source)} ${encodeURIComponent(id)}`;
}

const derivedHexChars = 40;

/**
 * Id of an event that the broker makes, from what it is about: the same cause gives the same id on
 * every replay and retry, whatever the length of the caller's ids.
 */
export function derivedEventId(kind: string, ...causes: readonly string[]): string {
  return `${kind}-${sha256Hex(JSON.stringify(causes)).slice(0, derivedHexChars)}`;
}
