/** Consumers of one subscription: a round of grants looks at each of them. */
export const consumersMax = 1_000;

/** Events that no consumer has had yet and that are held ready; beyond it scanning pauses. */
export const readyEventsMax = 65_536;

/** Runs of such events, about one a batch; beyond it scanning pauses. Each costs about 300 bytes. */
export const readyBatchesMax = 1_024;

/** The same where batches are cut by ordering keys or expire times, at worst into single events. */
export const readyRunsMax = 16_384;

/**
 * Runs held behind earlier events of their ordering keys; beyond it scanning pauses, and what is
 * resident goes on. About 40 MB, so that one blocked key does not stop the others.
 */
export const heldRunsMax = 131_072;

/** Blocked keys on one page at most. */
export const blockedKeysPageMax = 1_000;

/** Runs that one step takes to the dead-letter topic: their ranges fit beside the letters. */
export const deadLetterRunsMax = 4_096;

/** Bytes of the dead letters of one entry, or one event that is larger. */
export const deadLetterBytesMax = 512 * 1_024;

/** Cleared sequences in an entry that also holds batches. */
export const clearedBesideBatchesMax = 1_024;

/** Runs of events above the cursor that differ from "never tried"; beyond it dispatch narrows. */
export const exceptionsMax = 100_000;

/** Runs of one batch that are looked through for a grant: fragments beyond it go in the next one. */
export const grantRunsMax = 1_024;

/** Ended leases that are remembered, so that a late ack of a whole lease finds its events. */
export const endedLeasesMax = 4_096;

/** Bytes of ranges and reasons in one entry, by estimate: half of the largest entry. */
export const changeBytesMax = 512 * 1_024;

/** Cleared sequences in one entry: at most 10 bytes each, so that they fit beside the ranges. */
export const clearedSequencesMax = 16_384;

/**
 * Sequences that the cursor passes without any settlement before that alone is journalled. Far
 * above the 10,000 subscriptions of a namespace, whose own entries also move the cursors.
 */
export const silentCursorSequences = 65_536n;

/** Attempts are counted up to here: the field holds 32 bits. */
export const attemptsCountMax = 2 ** 31 - 1;

/** Bytes of the reasons that are kept of one entry's events: runs without them fit one value of the state. */
export const exceptionReasonsBytesMax = 512 * 1_024;
