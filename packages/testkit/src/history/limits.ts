/** Milliseconds that a consumer of a history run may keep an event: short, so that deadlines do pass. */
export const ACK_DEADLINE_MS = 2_000;
/** Milliseconds that a stalling consumer keeps one: past the deadline. */
export const STALL_MS = ACK_DEADLINE_MS + 500;
/** Backoff between attempts, in milliseconds. */
export const RETRY_MS = { min: 20, max: 500 };
/** Attempts before a dead letter. */
export const ATTEMPTS_MAX = 3;
/** Events that a consumer may hold: few, so that a stall does not make many expire. */
export const CREDIT_EVENTS = 50;
/** Shortest and longest time between two kills, in milliseconds. */
export const KILL_AFTER_MS = { min: 1_000, max: 5_000 };
/** Share of kills that hit the broker; the others hit a client. */
export const BROKER_KILLS = 0.6;
/** Milliseconds that a client waits for a broker that stays away. */
export const CLIENT_TIMEOUT_MS = 120_000;
/** Milliseconds that a process may take to end after SIGTERM. */
export const STOP_TIMEOUT_MS = 60_000;
/** Milliseconds that a process may take to say that it is ready. */
export const READY_TIMEOUT_MS = 60_000;
/** Milliseconds without any delivery after which everything is settled: longer than a deadline and a backoff. */
export const QUIET_MS = ACK_DEADLINE_MS + RETRY_MS.max + 3_000;
/** Milliseconds that consumers may take to come to rest after the last publish. */
export const DRAIN_TIMEOUT_MS = 180_000;
/** Milliseconds between two looks at it. */
export const DRAIN_POLL_MS = 250;
/** Milliseconds between two acts of the operator. */
export const OPERATOR_EVERY_MS = 1_500;
/** Milliseconds between two turns of a publisher. */
export const PUBLISH_EVERY_MS = 20;
/** Publishes of one publisher that may be unanswered: enough to be on the way at any kill. */
export const UNANSWERED_MAX = 1_000;
/** Events a second of each publisher: three of them leave two cores to the consumers and the broker. */
export const RATE_PER_SECOND = 200;
/** Ordering keys of the run. */
export const KEYS = 100;
/** Least figures of any run, for each minute of it: less proves nothing. A run goes on until it has its kills. */
export const LEAST_PER_MINUTE = { acked: 1_000, brokerKills: 4, clientKills: 2 };
/** A run ends after so many times its duration, though it has too few kills. */
export const DURATIONS_MAX = 3;
/**
 * Milliseconds that one request of the operator may take after the last kill, all its attempts together: one that is
 * not done within any life of the broker is done then.
 */
export const CALL_TIMEOUT_MS = 300_000;
/** Milliseconds between two of its attempts. */
export const CALL_ATTEMPT_MS = 200;
/** Milliseconds that an operator's pause lasts. */
export const PAUSE_MS = 1_000;
