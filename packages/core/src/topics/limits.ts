/** Topics of a namespace: each costs about 300 bytes of resident memory. */
export const topicsMax = 100_000;

/** Partitions of a topic: a projection key and a place in every merge for each. */
export const partitionsMax = 1_024;

/** How long ids of an ingress topic are remembered, in milliseconds: providers retry for 48 hours. */
export const ingressDedupWindowMs = 7 * 24 * 60 * 60 * 1_000;

/** Longest dedup window of any topic, in milliseconds. */
export const dedupWindowMsMax = 30 * 24 * 60 * 60 * 1_000;

/** Ids remembered by a topic that names no number. */
export const dedupIdsDefault = 1_000_000;

/** Ids that a topic may ask to be remembered: about 1 GB of index. */
export const dedupIdsMax = 10_000_000;

/** Retention of a topic that names none, in milliseconds. */
export const retentionMsDefault = 30 * 24 * 60 * 60 * 1_000;

/** Shortest retention of a topic, in milliseconds: the broker looks no more often. */
export const retentionMsMin = 1_000;
