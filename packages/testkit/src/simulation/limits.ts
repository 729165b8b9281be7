/** Heartbeat of both sides, in virtual milliseconds. */
export const HEARTBEAT_MS = 5_000;
/** Silence after which a side counts the other as gone, in virtual milliseconds. */
export const SILENCE_MS_MAX = 3 * HEARTBEAT_MS;
/** Shortest and longest way of a message, in virtual milliseconds. */
export const LATENCY_MS = [0.1, 40] as const;
/** Shortest and longest time of one operation of the disk, in virtual milliseconds. */
export const DISK_MS = [0.05, 8] as const;
/** Size of a journal's segments: small, so that many come and go. */
export const SEGMENT_BYTES = 64 * 1_024;
/** Steps of the virtual clock that one seed may take: a seed that needs more hangs. */
export const STEPS_MAX = 400_000;
/** Virtual time without any delivery after which everything counts as delivered, in milliseconds. */
export const QUIET_MS = 90_000;
/** Virtual time that draining may take, in milliseconds. */
export const DRAIN_MS_MAX = 1_800_000;
/** Frames of a publisher that are not acknowledged. */
export const FRAMES_IN_FLIGHT = 8;
/** Mean virtual time between two accountings of all subscriptions, in milliseconds. */
export const ACCOUNT_EVERY_MS = 6_000;
/** Mean virtual time between two acts of an operator, in milliseconds. */
export const ACT_EVERY_MS = 1_500;
/** Virtual time after which an operator asks again whom its request may not have reached, in milliseconds. */
export const ASK_AGAIN_MS = 200;
/** Longest pause of a subscription, in virtual milliseconds. */
export const PAUSE_MS_MAX = 3_000;
/** Share of an operator's wishes to seek that it follows. */
export const SEEK_SHARE = 0.1;
/** Ack deadline of every subscription, in virtual milliseconds. */
export const ACK_DEADLINE_MS = 5_000;
/** Longest handling of an event that takes long, in virtual milliseconds. */
export const LONG_HANDLING_MS = 6_000;
/** Share of events whose handling takes long. */
export const LONG_SHARE = 0.03;
/** Share of batches of a plain topic that are scheduled, and of those whose events expire. */
export const SCHEDULED_SHARE = 0.05;
export const EXPIRING_SHARE = 0.05;
/** Longest time to a release, and to the end of an event's time, in virtual milliseconds. */
export const DELIVER_MS_MAX = 4_000;
export const EXPIRE_MS_MAX = 2_000;
/** Deadlines that extensions ask for, in virtual milliseconds: 0 is the subscription's, short ones give back early. */
export const EXTEND_MS = [0, 500, 3_000, 5_000, 6_000, 7_500, 9_000, 10_000] as const;
/** Share of acks that a consumer sends in one step with an event that it publishes. */
export const OUTPUT_SHARE = 0.03;
/** The same of acks that come after the end of their lease. */
export const LATE_OUTPUT_SHARE = 0.4;
/** Backoff of every subscription, in virtual milliseconds. */
export const RETRY_MS = { min: 100, max: 4_000 } as const;
/** Attempts after which a bounded subscription gives an event up. */
export const ATTEMPTS_MAX = 4;
