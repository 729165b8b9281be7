import { PubSubError } from "@opendxa/pubsub-protocol";

interface Waiter {
  readonly bytes: number;
  readonly enter: () => void;
  readonly refuse: (error: PubSubError) => void;
  readonly deadlineMs: number;
}

/**
 * Bounds the bytes that are published and not acknowledged. What finds no room waits in line, up to
 * as many bytes again; beyond that it is refused at once.
 */
export class ByteGate {
  readonly #bytesMax: number;
  readonly #waiters: Waiter[] = [];
  #held = 0;
  #waitingBytes = 0;

  /** Opens a gate for `bytesMax` bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes inside. */
  get held(): number {
    return this.#held;
  }

  /** Somebody waits in line. */
  get hasWaiters(): boolean {
    return this.#waiters.length > 0;
  }

  /** Takes room at once if nobody waits and there is some; one thing always fits an empty gate. */
  tryEnter(bytes: number): boolean {
    if (this.#waiters.length > 0 || !this.#hasRoom(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  /**
   * Waits in line for room.
   *
   * @throws {@link PubSubError} BUFFER_FULL at once when the line is full, or at the deadline
   */
  enter(bytes: number, deadlineMs: number): Promise<void> {
    if (this.tryEnter(bytes)) return Promise.resolve();
    if (this.#waitingBytes + bytes > this.#bytesMax) return Promise.reject(this.#full());
    this.#waitingBytes += bytes;
    return new Promise((enter, refuse) => {
      this.#waiters.push({ bytes, enter, refuse, deadlineMs });
    });
  }

  /** Gives room back. */
  leave(bytes: number): void {
    this.#held -= bytes;
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      if (!this.#hasRoom(first.bytes)) return;
      this.#remove(first);
      this.#held += first.bytes;
      first.enter();
    }
  }

  /** Refuses those whose deadline has passed. */
  sweep(nowMs: number): void {
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      if (first.deadlineMs > nowMs) return;
      this.#remove(first);
      first.refuse(this.#full());
    }
  }

  /** Refuses everybody in line. */
  refuseAll(error: PubSubError): void {
    this.#waitingBytes = 0;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(error);
  }

  #remove(first: Waiter): void {
    this.#waiters.shift();
    this.#waitingBytes -= first.bytes;
  }

  #hasRoom(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#bytesMax;
  }

  #full(): PubSubError {
    const text = `${this.#held} bytes are unacknowledged and ${this.#waitingBytes} wait for room`;
    return PubSubError.of("BUFFER_FULL", text, {
      metadata: { field: "unackedBytesMax", limit: this.#bytesMax },
    });
  }
}
