import type { CrashMinimums } from "./crash-minimums.js";

/**
 * Least figures of the real leg (`scripts/real/crash.mjs`). A publisher with fewer events than it can
 * have on the way at 50 kills was not under load at each of them; a language has one publisher or two.
 */
export const REAL_LEG_MINIMUMS: CrashMinimums = {
  kills: 50,
  events: 200_000,
  eventsOfPublisher: 20_000,
  eventsOfLanguage: { typescript: 40_000, python: 20_000 },
};
/** Least figures of the real leg's run on a journal in LevelDB, whose syncs are its own. */
export const LEVEL_LEG_MINIMUMS: CrashMinimums = {
  kills: 10,
  events: 20_000,
  eventsOfPublisher: 2_000,
  eventsOfLanguage: { typescript: 4_000, python: 2_000 },
};
/** Least acknowledged events of each publisher of any other run: some full windows. */
export const EVENTS_OF_PUBLISHER_LEAST = 1_000;
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
/** Milliseconds between two looks at that number, for which every file is read. */
export const LOAD_POLL_MS = 500;
/** Milliseconds that a publisher may take to end after SIGTERM: its last acks are on their way. */
export const PUBLISHER_STOP_MS = 60_000;
/** Violations of one kind that are printed. */
export const VIOLATIONS_PRINTED_MAX = 10;
