import { crc32c } from "@node-rs/crc32";

/** Says whether parts, as if they were one, have a checksum. */
export type Verify = (parts: readonly Uint8Array[], expected: number) => boolean;

/**
 * CRC-32C (Castagnoli, reflected, initial and final XOR 0xffffffff), as in iSCSI (RFC 3720);
 * `seed` continues one over bytes that came before.
 */
export function castagnoli(bytes: Uint8Array, seed?: number): number {
  return crc32c(bytes, seed);
}

/** CRC-32C of parts as if they were one. */
export function checksumOfParts(parts: readonly Uint8Array[]): number {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return castagnoli(first);
  let checksum = 0;
  for (const part of parts) checksum = castagnoli(part, checksum);
  return checksum;
}

/** What every reader uses; only a negative control of a test puts something else in its place. */
export const verifyChecksum: Verify = (parts, expected) => checksumOfParts(parts) === expected;
