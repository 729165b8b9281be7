const VARINT_BITS = 7;

/**
 * Serialized bytes of a Delivery, which credit is counted in, from those of the response around it:
 * a tag and a length.
 */
export function deliveryBytes(responseBytes: number): number {
  for (let lengthBytes = 1; lengthBytes < 5; lengthBytes += 1) {
    const inner = responseBytes - 1 - lengthBytes;
    if (inner < 2 ** (VARINT_BITS * lengthBytes)) return inner;
  }
  return responseBytes;
}
