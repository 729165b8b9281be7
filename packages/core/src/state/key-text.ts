const plain = /^[A-Za-z0-9._:@-]*$/;

/**
 * Makes any text a segment of a state key: ASCII, without '/', and distinct texts stay distinct.
 * Percent-encoding of UTF-8; an unpaired surrogate, which UTF-8 cannot hold, counts as U+FFFD, as
 * it does in every protobuf string.
 */
export function keySegment(text: string): string {
  return plain.test(text) ? text : encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\uFFFD"));
}

/** Reads a segment back. */
export function textOfSegment(segment: string): string {
  return decodeURIComponent(segment);
}

/** A number as 16 hexadecimal digits, so that keys sort as numbers. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

/** A number below 2^32 as 8 hexadecimal digits, so that keys sort as numbers. */
export function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
