/** Milliseconds that a driver may take to answer one request: more than any wait inside a case. */
export const ANSWER_TIMEOUT_MS = 30_000;
/** Milliseconds that a driver may take to be ready: an interpreter's start on a busy machine. */
export const READY_TIMEOUT_MS = 30_000;
/** Milliseconds that a driver may take to leave when its input ends. */
export const LEAVE_TIMEOUT_MS = 10_000;
/** Milliseconds that `take` waits for the events that it is asked for, where the case says nothing. */
export const TAKE_TIMEOUT_MS_DEFAULT = 15_000;
/** Milliseconds that `take` listens to one consumer before it turns to the next. */
export const TAKE_TURN_MS = 50;
/** Lines of a driver's stderr that are shown when a case fails: the newest. */
export const STDERR_LINES_MAX = 40;
/** Milliseconds between two looks of `await_indexed`. */
export const INDEX_POLL_MS = 100;
/** Milliseconds between two looks of `await_gone`. */
export const GONE_POLL_MS = 100;
