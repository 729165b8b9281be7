/** Backoff between attempts, in milliseconds. */
export interface RetryBackoff {
  /** Shortest base. */
  readonly minMs: number;
  /** Longest wait. */
  readonly maxMs: number;
}

/** Doublings after which every base is above every longest wait. */
const doublingsMax = 32;

/**
 * How long to wait after a failed attempt, in milliseconds: full jitter over min x 2^(attempts-1),
 * at most max (after "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param attempts failed attempts so far, from 1
 * @param jitter a random value in [0, 1)
 */
export function backoffMs(retry: RetryBackoff, attempts: number, jitter: number): number {
  const base = retry.minMs * 2 ** Math.min(attempts - 1, doublingsMax);
  return Math.floor(Math.min(retry.maxMs, base) * jitter);
}
