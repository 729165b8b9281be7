/** Milliseconds that a broker may take from its start to its line on stdout: a recovery on a busy machine. */
export const START_TIMEOUT_MS = 60_000;
/** Milliseconds that a broker may take from SIGTERM to its end: its own grace and some more. */
export const STOP_TIMEOUT_MS = 20_000;
/** Milliseconds that a process of ours may take to end after a signal that it cannot refuse. */
export const KILL_TIMEOUT_MS = 10_000;
/** Lines of stderr that are kept for the report of a failure: the newest. */
export const STDERR_LINES_MAX = 1_000;
/** Milliseconds that a condition is waited for where nothing else is said. */
export const CONDITION_TIMEOUT_MS = 30_000;
/** Milliseconds between two looks at a condition that nothing announces. */
export const CONDITION_POLL_MS = 20;
