import { ExponentialBackoff, fullJitterGenerator, type IBackoff } from "cockatiel";
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN } from "../limits.js";

const factory = new ExponentialBackoff({
  generator: fullJitterGenerator,
  initialDelay: BACKOFF_MS_MIN,
  maxDelay: BACKOFF_MS_MAX,
});

/** Waits between attempts: full jitter, doubling from BACKOFF_MS_MIN to BACKOFF_MS_MAX. */
export class Backoff {
  #current: IBackoff<unknown> | undefined;

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    this.#current = this.#current === undefined ? factory.next() : this.#current.next(undefined);
    return this.#current.duration;
  }

  /** An attempt succeeded: the next failure begins anew. */
  reset(): void {
    this.#current = undefined;
  }
}

/** Waits; ends early and rejects with the signal's reason when it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
