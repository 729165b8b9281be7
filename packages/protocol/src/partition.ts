import { crc32c } from "./checksum.js";

/**
 * Partition of an ordering key: CRC-32C of its UTF-8, modulo the number of partitions.
 *
 * @param key the ordering key, as text or as UTF-8
 * @param partitions number of partitions of the topic, from 1
 */
export function partitionForKey(key: string | Uint8Array, partitions: number): number {
  if (partitions === 1) return 0;
  return crc32c(typeof key === "string" ? Buffer.from(key) : key) % partitions;
}
