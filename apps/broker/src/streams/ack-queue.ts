import type { BatchResult } from "@opendxa/pubsub-protocol";

/** Frames that were acknowledged together. */
export interface AckedFrames {
  /** Number of the last one. */
  readonly throughFrame: bigint;
  /** Results of all their batches, in order. */
  readonly results: BatchResult[];
}

/** One unacknowledged frame, for whoever waits for it to be stored. */
export interface PendingFrame {
  /** It is durable, or refused as the results say. */
  succeed(results: readonly BatchResult[]): void;
  /** Whether it was stored is unknown: nothing from here on may be acknowledged. */
  fail(error: unknown): void;
}

interface Frame {
  readonly number: bigint;
  readonly bytes: number;
  results?: readonly BatchResult[];
  failure?: { readonly error: unknown };
}

/**
 * The unacknowledged frames of one publishing stream, in order. Frames of one commit become durable
 * in one turn of the event loop; taking them together makes one acknowledgement of them.
 */
export class AckQueue {
  readonly #frames: Frame[] = [];
  #bytes = 0;

  /** Unacknowledged frames. */
  get length(): number {
    return this.#frames.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The failure of the oldest frame, if it failed. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#frames[0]?.failure;
  }

  /** Notes a frame that was handed to the engine. */
  add(number: bigint, bytes: number): PendingFrame {
    const frame: Frame = { number, bytes };
    this.#frames.push(frame);
    this.#bytes += bytes;
    return {
      succeed: (results) => {
        frame.results = results;
      },
      fail: (error) => {
        frame.failure = { error };
      },
    };
  }

  /** Takes the finished frames off the front; undefined when the oldest is not finished. */
  takeFinished(): AckedFrames | undefined {
    const unfinished = this.#frames.findIndex((frame) => frame.results === undefined);
    const finished = this.#frames.splice(0, unfinished < 0 ? this.#frames.length : unfinished);
    const last = finished.at(-1);
    if (last === undefined) return undefined;
    for (const frame of finished) this.#bytes -= frame.bytes;
    return {
      throughFrame: last.number,
      results: finished.flatMap((frame) => frame.results ?? []),
    };
  }
}
