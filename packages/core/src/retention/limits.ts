/** Batches that one entry expires: at most 20 bytes each. */
export const expiredBatchesMax = 256;

/**
 * Correlation ids that are looked up by one expiry, two keys each; a batch that alone has more is
 * looked up whole, at most 65,535 events.
 */
export const expiryCorrelationIdsMax = 4_096;

/**
 * Positions in single entries that one expiry computes for subscriptions without consumers; a batch
 * that alone has more is computed whole, at most 10,000 subscriptions.
 */
export const expiryPositionsMax = 16_384;
