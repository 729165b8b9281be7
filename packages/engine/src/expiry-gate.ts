/**
 * Keeps expiry and those who look for batches apart: who scans the index or takes up a subscription
 * never sees a batch that an expiry in flight has already counted.
 */
export class ExpiryGate {
  readonly #looking = new Set<Promise<unknown>>();
  #expiring: Promise<void> | undefined;

  /** Looks while nothing expires; many may at once. `look` must not wait for another `shared`. */
  async shared<T>(look: () => Promise<T>): Promise<T> {
    while (this.#expiring !== undefined) await this.#expiring;
    const looking = look();
    this.#looking.add(looking);
    try {
      return await looking;
    } finally {
      this.#looking.delete(looking);
    }
  }

  /** Expires while nobody looks. One caller at a time. */
  async exclusive<T>(expire: () => Promise<T>): Promise<T> {
    const before = [...this.#looking];
    const expiring = Promise.allSettled(before).then(expire);
    const isOver = expiring.then(
      () => undefined,
      () => undefined,
    );
    this.#expiring = isOver;
    try {
      return await expiring;
    } finally {
      this.#expiring = undefined;
    }
  }
}
