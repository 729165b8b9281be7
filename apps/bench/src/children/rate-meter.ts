import { percentile } from "../statistics.js";

/** What a publisher measured between warm-up and end. */
export interface PublishRate {
  /** Events acknowledged a second. */
  readonly eventsPerSecond: number;
  /** Payload bytes (heads and bodies) acknowledged a second, in units of 1,000,000. */
  readonly megabytesPerSecond: number;
  /** Time from writing a frame to its ack, in milliseconds, p50. */
  readonly ackMsP50: number;
  /** The same, p99. */
  readonly ackMsP99: number;
  /** Events acknowledged in all, warm-up included. */
  readonly eventsAcked: number;
  /** When the measurement began and ended, milliseconds since the Unix epoch. */
  readonly window: readonly [number, number];
}

/** Times and sizes of a rate measurement. */
export interface RateMeterOptions {
  /** Load before the measurement, in milliseconds. */
  readonly warmUpMs: number;
  /** Length of the measurement, in milliseconds. */
  readonly measureMs: number;
  /** Events of a frame. */
  readonly frameEvents: number;
  /** Payload bytes of a frame. */
  readonly framePayloadBytes: number;
}

/** Counts frames from the moment they are written to their ack. */
export class RateMeter {
  readonly #options: RateMeterOptions;
  readonly #begin = performance.now();
  readonly #sentAt = new Map<number, number>();
  readonly #latencies: number[] = [];
  #acked = 0;
  #measured = 0;

  /** The warm-up begins now. */
  constructor(options: RateMeterOptions) {
    this.#options = options;
  }

  /** Is there time for another frame? */
  get isOpen(): boolean {
    return performance.now() < this.#end;
  }

  /** Frames written and not acknowledged. */
  get inFlight(): number {
    return this.#sentAt.size;
  }

  /** A frame is being written. */
  sent(frame: number): void {
    this.#sentAt.set(frame, performance.now());
  }

  /** All frames up to this one are acknowledged. */
  ackedThrough(frame: number): void {
    const now = performance.now();
    while (this.#acked < frame) {
      this.#acked += 1;
      const sentAt = this.#sentAt.get(this.#acked);
      if (sentAt === undefined)
        throw new Error(`frame ${this.#acked} was acked before it was sent`);
      this.#sentAt.delete(this.#acked);
      if (now < this.#start || now >= this.#end) continue;
      this.#measured += 1;
      this.#latencies.push(now - sentAt);
    }
  }

  /** What was measured; once everything is acknowledged. */
  result(): PublishRate {
    const { frameEvents, framePayloadBytes, measureMs } = this.#options;
    const framesPerSecond = this.#measured / (measureMs / 1_000);
    return {
      eventsPerSecond: framesPerSecond * frameEvents,
      megabytesPerSecond: (framesPerSecond * framePayloadBytes) / 1e6,
      ackMsP50: percentile(this.#latencies, 0.5),
      ackMsP99: percentile(this.#latencies, 0.99),
      eventsAcked: this.#acked * frameEvents,
      window: [performance.timeOrigin + this.#start, performance.timeOrigin + this.#end],
    };
  }

  get #start(): number {
    return this.#begin + this.#options.warmUpMs;
  }

  get #end(): number {
    return this.#start + this.#options.measureMs;
  }
}
