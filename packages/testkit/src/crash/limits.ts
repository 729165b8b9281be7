/** Events that a publisher of the crash test has unacknowledged: enough to be under way at any kill. */
export const PUBLISHES_AT_A_TIME = 400;
/** Milliseconds after which a publisher gives up: a broker that stays away for so long is lost. */
export const PUBLISHER_TIMEOUT_MS = 120_000;
/** Shortest time of a broker's life between two kills, in milliseconds after it serves. */
export const LIFE_MS_MIN = 50;
/** Longest time of a broker's life between two kills, in milliseconds after it serves. */
export const LIFE_MS_MAX = 700;
/** Milliseconds that the publishers may take to reach the wanted number of acknowledged events. */
export const LOAD_TIMEOUT_MS = 600_000;
/** Milliseconds that a publisher may take to end after SIGTERM: its last acks are on their way. */
export const PUBLISHER_STOP_MS = 60_000;
/** Violations of one kind that are printed. */
export const VIOLATIONS_PRINTED_MAX = 10;
