import { heldFrontsMax, heldLookMs } from "./limits.js";

/** Batches at the beginning of a partition that executions hold. */
export interface HeldFront {
  /** Offset from which on batches are looked at. */
  readonly from: bigint;
  /** Lowest offset of a held batch. */
  readonly keptOffset: bigint;
  /** Bytes of the held batches. */
  readonly bytes: number;
  /** When they are looked at again, milliseconds since the Unix epoch. */
  readonly untilMs: number;
}

/** Remembers where held batches end, so that they are not looked at in every pass. */
export class HeldFronts {
  readonly #fronts = new Map<string, HeldFront>();

  /** All times are doubtful, because the clock jumped. */
  clear(): void {
    this.#fronts.clear();
  }

  /** The front of a partition, while it holds. */
  of(topicId: number, partition: number, nowMs: number): HeldFront | undefined {
    const key = `${topicId}/${partition}`;
    const front = this.#fronts.get(key);
    if (front === undefined || nowMs < front.untilMs) return front;
    this.#fronts.delete(key);
    return undefined;
  }

  /** Moves the front behind batches of which some are held. */
  hold(topicId: number, partition: number, held: HeldFront & { readonly nowMs: number }): void {
    const { nowMs, from, keptOffset, bytes } = held;
    const before = this.of(topicId, partition, nowMs);
    const key = `${topicId}/${partition}`;
    const untilMs = Math.max(nowMs + heldLookMs, held.untilMs);
    this.#fronts.set(key, {
      from,
      keptOffset: before?.keptOffset ?? keptOffset,
      bytes: bytes + (before?.bytes ?? 0),
      untilMs: Math.min(before?.untilMs ?? untilMs, untilMs),
    });
    if (this.#fronts.size <= heldFrontsMax) return;
    for (const oldest of this.#fronts.keys()) {
      this.#fronts.delete(oldest);
      return;
    }
  }
}
