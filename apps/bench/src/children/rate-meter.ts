import { percentile } from "../statistics.js";
import type { EncodedFrame } from "./publish-frames.js";
import type { PublishRate, PublishTask } from "./publish-task.js";

/** What a meter needs to know of its task. */
export type RateMeterOptions = Pick<
  PublishTask,
  "warmUpMs" | "measureMs" | "framesMax" | "framesPerSecond" | "keepSamples"
> & {
  /** Events of a frame. */
  readonly frameEvents: number;
};

interface SentFrame {
  readonly atMs: number;
  readonly payloadBytes: number;
  readonly rawBytes: number;
}

/** Counts frames from the moment they are written, or were due, to their ack. */
export class RateMeter {
  readonly #options: RateMeterOptions;
  readonly #begin = performance.now();
  readonly #sent = new Map<number, SentFrame>();
  readonly #samples: [number, number][] = [];
  #sentFrames = 0;
  #acked = 0;
  #payloadBytes = 0;
  #rawBytes = 0;
  #measuredBytes = 0;
  #lastAckAt = 0;

  /** The warm-up begins now. */
  constructor(options: RateMeterOptions) {
    this.#options = options;
  }

  /** Are more frames wanted? Until the end, and beyond while nothing was measured. */
  get isOpen(): boolean {
    const { framesMax = Number.POSITIVE_INFINITY } = this.#options;
    const isLate = performance.now() >= this.#end && this.#samples.length > 0;
    return !isLate && this.#sentFrames < framesMax;
  }

  /** Is it time for the next frame? Without a pace it always is. */
  get isDue(): boolean {
    return this.#dueAt <= performance.now();
  }

  /** Frames written and not acknowledged. */
  get inFlight(): number {
    return this.#sent.size;
  }

  /** A frame is being written. */
  sent(number: number, { payloadBytes, rawBytes }: Omit<EncodedFrame, "bytes">): void {
    const { framesPerSecond } = this.#options;
    const atMs = framesPerSecond === undefined ? performance.now() : this.#dueAt;
    this.#sentFrames += 1;
    this.#sent.set(number, { atMs, payloadBytes, rawBytes });
  }

  /** All frames up to this one are acknowledged. */
  ackedThrough(number: number): void {
    const now = performance.now();
    while (this.#acked < number) {
      this.#acked += 1;
      const frame = this.#sent.get(this.#acked);
      if (frame === undefined) throw new Error(`frame ${this.#acked} was acked before it was sent`);
      this.#sent.delete(this.#acked);
      this.#payloadBytes += frame.payloadBytes;
      this.#rawBytes += frame.rawBytes;
      if (now < this.#start || (now >= this.#end && this.#samples.length > 0)) continue;
      this.#measuredBytes += frame.payloadBytes;
      this.#lastAckAt = now;
      this.#samples.push([performance.timeOrigin + now, now - frame.atMs]);
    }
  }

  /** What was measured; once everything is acknowledged. */
  result(): PublishRate {
    const { frameEvents, framesMax, keepSamples } = this.#options;
    const hasEndedEarly = framesMax !== undefined && this.#sentFrames >= framesMax;
    const end = hasEndedEarly ? this.#lastAckAt : Math.max(this.#end, this.#lastAckAt);
    const seconds = (end - this.#start) / 1_000;
    const latencies = this.#samples.map(([, latencyMs]) => latencyMs);
    return {
      eventsPerSecond: (this.#samples.length * frameEvents) / seconds,
      megabytesPerSecond: this.#measuredBytes / 1e6 / seconds,
      ackMsP50: percentile(latencies, 0.5),
      ackMsP99: percentile(latencies, 0.99),
      eventsAcked: this.#acked * frameEvents,
      payloadBytesAcked: this.#payloadBytes,
      rawBytesAcked: this.#rawBytes,
      window: [performance.timeOrigin + this.#start, performance.timeOrigin + end],
      samples: keepSamples === true ? this.#samples : [],
    };
  }

  get #dueAt(): number {
    const { framesPerSecond } = this.#options;
    if (framesPerSecond === undefined) return this.#begin;
    return this.#begin + (this.#sentFrames * 1_000) / framesPerSecond;
  }

  get #start(): number {
    return this.#begin + this.#options.warmUpMs;
  }

  get #end(): number {
    return this.#start + this.#options.measureMs;
  }
}
