let decoded = 0;

/** Counts one decoded head or body. */
export function countDecoded(): void {
  decoded += 1;
}

/**
 * Heads and bodies of events that this process has decoded so far. A test of the publish path
 * takes it before and after: untyped events pass the broker without being decoded.
 */
export function decodedEventParts(): number {
  return decoded;
}
