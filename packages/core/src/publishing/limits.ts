/** Batches of a producer remembered per topic-partition; a stream has as many frames in flight. */
export const producerWindowBatchesMax = 64;

/** Producers remembered in a namespace: about 100 bytes of index each. */
export const producersMax = 100_000;

/**
 * Idle time after which a producer is forgotten, in milliseconds: 7 days, and the hour to which its
 * last activity is known.
 */
export const producerIdleMsMax = (7 * 24 + 1) * 60 * 60 * 1_000;

/** Producers forgotten by one entry: 18 bytes each. */
export const producersForgottenMax = 1_000;

/** Windows of producers forgotten by one entry: about 30 bytes each. */
export const windowsForgottenMax = 5_000;

/**
 * Remembered ids that one entry forgets beyond those that it adds: so that what is over, or above a
 * bound that was lowered, leaves in steps.
 */
export const dedupIdsForgottenMax = 256;

/** Groups of remembered ids of a deleted topic that one entry forgets, at most 65,535 ids each. */
export const dedupGroupsForgottenMax = 16;

/** Events that wait for their deliver time: about 300 bytes of state each, beside the journal. */
export const scheduledEventsMax = 1_000_000;

/** How far ahead an event may be scheduled, in milliseconds. */
export const deliverAheadMsMax = 30 * 24 * 60 * 60 * 1_000;

/** Bytes of an entry that AckAndPublish keeps for its cursors and for what vanishes with them: three
 * lanes of `clearedBesideBatchesMax` sequences of up to 10 bytes. */
export const ackAndPublishReserveBytes = 32 * 1_024;

/** Bytes that a stored batch takes beside what was sent and its bitmaps, at most. */
export const storedBatchOverheadBytes = 64;
