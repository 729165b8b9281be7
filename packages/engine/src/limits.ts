const mebibyte = 1_024 * 1_024;

/** State values kept decoded in memory beside those that wait for the index: about 1 KiB each. */
export const cachedValuesMax = 10_000;

/**
 * Bytes of entries that wait for their fsync; beyond, publishes are refused as OVERLOADED. The journal
 * queues 64 MiB: the rest is for settlements, which are never refused, and for headers.
 */
export const unsyncedBytesMax = 48 * mebibyte;

/** Bytes of entries in one append of the journal, unless one has more: half of the journal's bound. */
export const turnBytesMax = 4 * mebibyte;

/** Entries in one append of the journal: an eighth of the journal's bound. */
export const turnEntriesMax = 8_192;

/** Bytes that one publishing stream may have unacknowledged while the broker is idle. */
export const publishCreditBytesMax = 4 * mebibyte;

/** Bytes that one publishing stream keeps under the heaviest load: one frame. */
export const publishCreditBytesMin = mebibyte;

/** Commands that wait for their turn; beyond, they are refused as OVERLOADED. */
export const queuedCommandsMax = 20_000;

/** Writes of one index batch: well below the store's own bound on writes and bytes. */
export const indexBatchWritesMax = 50_000;

/** Bytes of one index batch: half of the store's own bound. */
export const indexBatchBytesMax = 16 * mebibyte;

/** Writes of one batch while an index is rebuilt: it never stops the event loop for long. */
export const loadedWritesMax = 5_000;

/** Writes that wait for the index, about 1 KiB each; beyond, the command loop waits for the index. */
export const indexBacklogWritesMax = 10_000;

/** Journal bytes after which a checkpoint is written. */
export const checkpointJournalBytes = 64 * mebibyte;

/** Time with work after which a checkpoint is written, in milliseconds. */
export const checkpointIntervalMs = 10_000;

/** Changed keys held for the next checkpoint, about 0.3 KiB each, before it is written early. */
export const checkpointKeysMax = 25_000;

/** Changed keys that are sorted at once: about a millisecond. */
export const sortedRunKeysMax = 1_000;

/** Records that a merge collects before it hands them on. */
export const mergedBlockRecordsMax = 512;

/** Deltas of like size that are merged into one. Each record is rewritten once a factor of this. */
export const checkpointMergeWidth = 8;

/** Size of deltas below which all count as alike, in bytes. */
export const checkpointSmallBytes = 256 * 1_024;

/** Bytes of deltas beyond those of their base before all become a new base. */
export const checkpointDeltaSlackBytes = mebibyte;

/** Complete chains of checkpoints that are kept. */
export const checkpointChainsKept = 2;

/** Decoded entries kept for delivery and reading, in bytes of payload. */
export const recentEntriesBytesMax = 16 * mebibyte;

/** Sequences whose batches are known without asking the index. */
export const recentSequencesMax = 65_536;

/** Serialized bytes of one delivery, unless one event is larger. */
export const deliveryBytesMax = 256 * 1_024;

/** When dead letters that could not be stored are tried again, in milliseconds. */
export const deadLetterRetryMs = 10_000;

/**
 * Steps of catching up that an ack may ask for, of an event with a key that nobody looked at since the
 * start: up to 100 pages. What lies further behind is acked late only where it has no key.
 */
export const lateAckStepsMax = 100;

/** Entries of the sequence index that a catching-up subscription reads at once. */
export const scanPageMax = 1_000;

/** Batches of one entry: those of a frame, and a release has one. */
export const entryBatchesMax = 1_000;

/** Timers fired by one command. */
export const timersPerCommandMax = 256;

/** Longest sleep between two looks at the timers, in milliseconds. */
export const timerSleepMsMax = 60_000;

/** When idle producers are looked for after a start, and no sooner again, in milliseconds. */
export const producersFirstLookMs = 60 * 60 * 1_000;

/** How often idle producers are looked for, in milliseconds. */
export const producersLookMs = 24 * 60 * 60 * 1_000;

/** Items of a page of any list. */
export const pageItemsMax = 1_000;

/** Items of a page that names no size. */
export const pageItemsDefault = 100;

/** Bytes of events in one page. */
export const pageBytesMax = 3 * mebibyte;

/** Keys of connector memory read at once. */
export const memoryKeysMax = 64;

/** Consumers and waits that an engine keeps open at once. */
export const openStreamsMax = 20_000;

/** Keys fetched at once for the commands that wait. */
export const prefetchKeysMax = 4_096;

/** Rounds of fetching before the commands are taken one by one: later keys depend on earlier values. */
export const prefetchRoundsMax = 3;

/** Topics whose subscriptions are remembered for expiry, which goes topic by topic. */
export const concernedTopicsCachedMax = 1_024;

/** Topics that one pass of retention looks at; the rest follows a moment later. */
export const retentionTopicsPerPassMax = 1_000;

/** Steps of one topic, each an expiry per partition, before other topics have their turn. */
export const retentionStepsPerTopicMax = 64;

/** Batches looked at in one step, over all partitions of the topic: about 0.3 KiB each. */
export const retentionStepBatchesMax = 4_096;

/** Shortest pause between two passes of retention, in milliseconds. */
export const retentionPauseMsMin = 1_000;

/** Longest pause between two passes of retention, in milliseconds. */
export const retentionPauseMsMax = 60_000;

/** Index keys that one expiry takes away, unless a single batch has more. */
export const expiryRemovalsMax = 50_000;

/** Batches held by executions are looked at again no sooner than after this, in milliseconds. */
export const heldLookMs = 60 * 60 * 1_000;

/** Partitions in which executions hold batches that are remembered; others are looked at in full. */
export const heldFrontsMax = 100_000;

/** Difference between wall clock and timers that counts as a jump, in milliseconds. */
export const clockJumpMs = 60 * 60 * 1_000;

/** How far the clock may be ahead of the newest entry at start, in milliseconds: a long weekend. */
export const clockAheadMs = 4 * 24 * 60 * 60 * 1_000;

/** How long the clock must run steadily after a jump until time-based retention goes on. */
export const clockSteadyMs = 60 * 60 * 1_000;

/** How often the clock is compared with the timers, in milliseconds. */
export const clockTickMs = 60_000;

/** How long a confirmation of the clock by the operator counts, in milliseconds. */
export const clockConfirmedMs = 24 * 60 * 60 * 1_000;

/** Journal bytes since the newest base after which all deltas become a base, so that space is freed. */
export const checkpointBaseJournalBytes = 256 * mebibyte;

/** The same as a multiple of the base: bounds what bases add to the bytes written. */
export const checkpointBaseJournalFactor = 8;

/** Ranges of entries remembered to be forgotten, and as many with expired batches: about 10 MB. */
export const forgettableRangesMax = 65_536;

/** Entries with expired batches that are forgotten after one checkpoint. */
export const forgottenPerCheckpointMax = 10_000;

/** Ranges of one call: well below the journal's own bound. */
export const forgottenRangesPerCallMax = 1_000;

/** When a caller may come back that was refused because the disk is nearly full, in milliseconds. */
export const nearlyFullRetryMs = 5_000;

/** Bytes of a backup's manifest: some hundred for each file, enough for terabytes of segments. */
export const backupManifestBytesMax = 16 * mebibyte;

/** Times that a backup of a namespace begins again because files went away under it. */
export const backupAttemptsMax = 8;
