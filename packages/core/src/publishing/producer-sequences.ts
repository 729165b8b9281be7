import { type ProducerWindow, PubSubError, type RecordBatch } from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { producerWindowBatchesMax } from "./limits.js";
import { producerHex } from "./open-producer.js";

/** A remembered batch. */
export type RememberedBatch = ProducerWindow["batches"][number];

/** Adds a batch to a producer's window and drops what is beyond its size. */
export function extendWindow(
  window: ProducerWindow | undefined,
  batch: RememberedBatch,
): ProducerWindow {
  const batches = window?.batches ?? [];
  const kept = batches.length < producerWindowBatchesMax ? batches : batches.slice(1);
  return { batches: [...kept, batch] };
}

/**
 * Decides whether a producer's batch is new, a repetition or unknown (S-P2), seeing the batches
 * that the same decision stored before.
 */
export class ProducerSequences {
  readonly #loaded: Loaded;
  readonly #windows = new Map<string, ProducerWindow>();

  /** Starts from the loaded producers and windows. */
  constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  /**
   * Answers the original when the batch is a repetition, `undefined` when it is new. Throws
   * PRODUCER_FENCED for an older epoch and SEQUENCE_UNKNOWN below or across the window.
   */
  check(batch: RecordBatch, topicId: number): RememberedBatch | undefined {
    if (batch.producerId.length === 0) return undefined;
    this.#checkEpoch(batch);
    const batches = this.#window(batch, topicId)?.batches ?? [];
    const newest = batches.at(-1);
    if (newest === undefined || batch.baseSequence >= newest.baseSequence + BigInt(newest.count)) {
      return undefined;
    }
    const same = batches.find(
      (b) => b.baseSequence === batch.baseSequence && b.count === batch.count,
    );
    if (same !== undefined) return same;
    const start = String(batches[0]?.baseSequence ?? 0n);
    throw PubSubError.of(
      "SEQUENCE_UNKNOWN",
      `sequence ${batch.baseSequence} lies below or across the remembered window from ${start}`,
      { metadata: { sequence: String(batch.baseSequence), window_start: start } },
    );
  }

  /** Remembers a batch for the rest of the decision. */
  remember(
    batch: RecordBatch,
    topicId: number,
    stored: Omit<RememberedBatch, "baseSequence" | "count">,
  ): void {
    if (batch.producerId.length === 0) return;
    const { baseSequence, count } = batch;
    const next = extendWindow(this.#window(batch, topicId), { baseSequence, count, ...stored });
    this.#windows.set(this.#key(batch, topicId).name, next);
  }

  #checkEpoch(batch: RecordBatch): void {
    if (batch.producerId.length !== 16) {
      const rule = "must be empty or 16 bytes";
      throw PubSubError.of("BATCH_MALFORMED", `producer_id ${rule}`, {
        metadata: { field: "producer_id", rule },
      });
    }
    const producer = producerHex(batch.producerId);
    const current = this.#loaded.get(stateKeys.producer(producer))?.epoch ?? 0;
    if (batch.producerEpoch === current && current > 0) return;
    throw PubSubError.of(
      "PRODUCER_FENCED",
      current === 0
        ? `producer ${producer} was never opened, or is forgotten`
        : `producer ${producer} has epoch ${current}, not ${batch.producerEpoch}`,
      {
        metadata: {
          producer_id: producer,
          epoch: String(batch.producerEpoch),
          current_epoch: String(current),
        },
      },
    );
  }

  #key(batch: RecordBatch, topicId: number) {
    return stateKeys.producerWindow(producerHex(batch.producerId), topicId, batch.partition);
  }

  #window(batch: RecordBatch, topicId: number): ProducerWindow | undefined {
    const key = this.#key(batch, topicId);
    const seen = this.#windows.get(key.name);
    if (seen !== undefined) return seen;
    return this.#loaded.has(key) ? this.#loaded.get(key) : undefined;
  }
}
