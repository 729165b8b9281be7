/** The empty bitmap: no event. */
export const noBits = new Uint8Array(0);

/** The events of a list as a bitmap, least significant bit first; empty when there are none. */
export function refusedBits(
  count: number,
  events: readonly { readonly index: number }[],
): Uint8Array {
  if (events.length === 0) return noBits;
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (const { index } of events) {
    bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

/** Whether the bitmap names the event; an empty one names none. */
export function hasBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}
