import { setTimeout as sleep } from "node:timers/promises";
import { CONDITION_POLL_MS, CONDITION_TIMEOUT_MS } from "./limits.js";

/**
 * Waits for a condition that nothing announces.
 *
 * @param what the condition in words, for the error
 * @param holds answers whether it holds
 * @throws Error naming the condition when it does not hold in time
 */
export async function waitUntil(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = CONDITION_TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(CONDITION_POLL_MS);
  }
}

/**
 * Waits for a promise.
 *
 * @throws Error naming what was waited for when it does not settle in time
 */
export async function within<T>(what: string, timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${timeoutMs} ms: ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
