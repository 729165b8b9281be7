/**
 * Consumers whose call has ended and whose leases run on, because what is done with the events is
 * said by another call. Each is kept until its last lease has surely ended.
 */
export class DetachedConsumers {
  readonly #untilMs = new Map<bigint, number>();

  /** Number of them. */
  get size(): number {
    return this.#untilMs.size;
  }

  /** Keeps one until a time, in milliseconds since the Unix epoch. */
  add(id: bigint, untilMs: number): void {
    this.#untilMs.set(id, untilMs);
  }

  /** Leases were extended: whose they were is not known here. */
  extend(untilMs: number): void {
    for (const [id, before] of this.#untilMs) this.#untilMs.set(id, Math.max(before, untilMs));
  }

  /** When the next one can go. */
  nextMs(): number | undefined {
    return this.#untilMs.size === 0 ? undefined : Math.min(...this.#untilMs.values());
  }

  /** Takes those whose time is over, or all. */
  take(nowMs: number): bigint[] {
    const over = [...this.#untilMs].filter(([, untilMs]) => untilMs <= nowMs).map(([id]) => id);
    for (const id of over) this.#untilMs.delete(id);
    return over;
  }
}
