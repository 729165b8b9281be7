import type { SimulatedConnectionOptions } from "./simulated-connection.js";
import type { NetworkHandler } from "./simulated-network.js";

interface OnItsWay<T> {
  readonly message: T;
  readonly timer: unknown;
}

/** One direction of a connection: messages in order, each after a delay of its own. */
export class DirectedLink<T> {
  /** Who receives; set before the first message is due. */
  handler: NetworkHandler<T> | undefined;
  readonly #options: SimulatedConnectionOptions;
  readonly #onItsWay = new Set<OnItsWay<T>>();
  #lastDueMs = 0;
  #extraMs = 0;
  #isClosed = false;
  #isSilent = false;
  #isOver = false;

  constructor(options: SimulatedConnectionOptions) {
    this.#options = options;
  }

  /** The receiver was told that it is over, or needs no telling. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The sender has not closed it. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  send(message: T): void {
    if (this.#isClosed || this.#isSilent) return;
    if (this.#onItsWay.size >= this.#options.inFlightMax) {
      throw new Error(`more than ${this.#options.inFlightMax} messages are on their way`);
    }
    const item: OnItsWay<T> = {
      message,
      timer: this.#later(() => {
        this.#onItsWay.delete(item);
        if (!this.#isOver) this.handler?.message(message);
      }),
    };
    this.#onItsWay.add(item);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isSilent) this.#later(() => this.#end("closed"));
  }

  /** Drops what is on its way from some message on, and tells the receiver. */
  reset(): void {
    this.#isClosed = true;
    const { clock, random } = this.#options;
    const items = [...this.#onItsWay];
    for (const item of items.slice(random.nextInt(0, items.length))) {
      clock.clearTimer(item.timer);
      this.#onItsWay.delete(item);
    }
    this.#later(() => this.#end("reset"));
  }

  /** Nothing arrives any more; the receiver is told only when the connection is reset. */
  silence(): void {
    this.#isSilent = true;
    for (const { timer } of this.#onItsWay) this.#options.clock.clearTimer(timer);
    this.#onItsWay.clear();
  }

  slow(extraMs: number): void {
    this.#extraMs += extraMs;
  }

  /** Takes the delay away from later messages; they still arrive behind the earlier ones. */
  hasten(): void {
    this.#extraMs = 0;
  }

  /** The receiver hears nothing any more and is not told. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.over();
  }

  #end(how: "closed" | "reset"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.handler?.ended(how);
    this.#options.over();
  }

  #later(run: () => void): unknown {
    const { clock, random, latencyMs } = this.#options;
    const [min, max] = latencyMs;
    const wayMs = min + random.nextFloat() * (max - min) + this.#extraMs;
    this.#lastDueMs = Math.max(this.#lastDueMs, clock.steady() + wayMs);
    return clock.setTimer(run, this.#lastDueMs - clock.steady());
  }
}
