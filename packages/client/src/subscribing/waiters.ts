/** Whoever waits for something to change, and looks again when it did. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** Resolves with the next `wakeAll`. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Something changed. */
  wakeAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
