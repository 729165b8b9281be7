/** Longest wait for one step, in milliseconds: starts of processes on a loaded machine included. */
export const stepTimeoutMs = 60_000;

/** Attempts to hand over one webhook, as its provider would retry while the broker is down. */
export const webhookAttemptsMax = 60;

/** Pause between two attempts, in milliseconds. */
export const webhookRetryMs = 500;
