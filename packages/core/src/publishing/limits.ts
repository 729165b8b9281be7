/** Batches of a producer remembered per topic-partition; a stream has as many frames in flight. */
export const producerWindowBatchesMax = 64;

/** Producers remembered in a namespace: about 100 bytes of index each. */
export const producersMax = 100_000;
