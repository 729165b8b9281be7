/** One byte with bit i set, by i. */
const BITS_PER_BYTE = 8;

/** The empty bitmap, shared: most are empty, and typed arrays are dear to allocate on the publish path. */
const EMPTY = new Uint8Array(0);

/** Bytes of a bitmap over `count` events. */
export function bitmapBytes(count: number): number {
  return Math.ceil(count / BITS_PER_BYTE);
}

/** An all-zero bitmap over `count` events. */
export function createBitmap(count: number): Uint8Array {
  return new Uint8Array(bitmapBytes(count));
}

/** Sets bit `index`: bit i lies in byte i / 8, least significant first. */
export function setBit(bitmap: Uint8Array, index: number): void {
  bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (1 << (index & 7));
}

/** Whether bit `index` is set; beyond the bitmap's end, and so in an empty one, none is. */
export function hasBit(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
}

/** Number of set bits. */
export function countBits(bitmap: Uint8Array): number {
  let total = 0;
  for (let byte of bitmap) {
    for (; byte !== 0; byte &= byte - 1) total += 1;
  }
  return total;
}

/** Whether event `index` is selected, where an empty bitmap means that all are. */
export function isSelected(selected: Uint8Array, index: number): boolean {
  return selected.length === 0 || hasBit(selected, index);
}

/**
 * A bitmap over `count` events with the given ones set.
 *
 * @returns empty when there are none, as the contract writes "none"
 */
export function bitmapOf(count: number, indexes: Iterable<number>): Uint8Array {
  let bitmap: Uint8Array | undefined;
  for (const index of indexes) {
    bitmap ??= createBitmap(count);
    setBit(bitmap, index);
  }
  return bitmap ?? EMPTY;
}

/**
 * The selection bitmap over `count` events.
 *
 * @returns empty when all are selected, as the contract writes "all"; a selection of none has all
 * its bytes, so that it cannot be taken for one of all
 */
export function selectionOf(count: number, indexes: Iterable<number>): Uint8Array {
  const bitmap = createBitmap(count);
  for (const index of indexes) setBit(bitmap, index);
  return countBits(bitmap) === count ? EMPTY : bitmap;
}

/** Indexes of the set bits, ascending. */
export function* setBits(bitmap: Uint8Array): Generator<number> {
  for (let index = 0; index < bitmap.length * BITS_PER_BYTE; index += 1) {
    if (hasBit(bitmap, index)) yield index;
  }
}
