/**
 * What the heads of a batch say of single events, by their index within the entry. Needed for order
 * KEY and where a batch expires; asked only for events that are not settled.
 */
export interface BatchTraits {
  /** Ordering key. `undefined`: the event keeps no order. */
  keyOf(index: number): string | undefined;
  /** From when on it is not delivered, milliseconds since the Unix epoch. `undefined`: always. */
  expireMsOf(index: number): number | undefined;
}
