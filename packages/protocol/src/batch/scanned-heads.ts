import type { RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { HEAD_FIELD, type HeadTextField } from "./head-fields.js";
import { WireCursor } from "./wire-cursor.js";

/** Where a batch's heads and bodies lie. */
export interface HeadIndex {
  /** First byte of each head in `heads`, after its framing. */
  readonly starts: Uint32Array;
  /** Byte after each head. */
  readonly ends: Uint32Array;
  /** First byte of each body before compression, and at the end their sum. */
  readonly bodyStarts: Uint32Array;
  /** Bit n is set when some head has field number n. */
  readonly fieldsPresent: number;
}

/** Bytes of one field of one head. */
export interface ByteRange {
  /** First byte in `batch.heads`. */
  readonly start: number;
  /** Byte after the last. */
  readonly end: number;
}

/**
 * The heads of a checked batch, read where they lie: nothing is built until it is asked for. The
 * methods that answer texts fill in the batch's defaults and the contract's.
 */
export class ScannedHeads {
  /** Number of events. */
  readonly count: number;
  readonly #batch: RecordBatch;
  readonly #index: HeadIndex;
  readonly #heads: Buffer;

  /** Made by `checkBatch` and `scanHeads`. */
  constructor(batch: RecordBatch, index: HeadIndex) {
    this.count = index.starts.length;
    this.#batch = batch;
    this.#index = index;
    const { buffer, byteOffset, length } = batch.heads;
    this.#heads = Buffer.from(buffer, byteOffset, length);
  }

  /** Whether some event states the field itself or by the defaults; else nobody needs to look. */
  hasField(field: keyof typeof HEAD_FIELD): boolean {
    return (
      ((this.#index.fieldsPresent >>> HEAD_FIELD[field]) & 1) === 1 ||
      this.#batch.defaults?.[field] !== undefined
    );
  }

  /** Bytes of the head of event `index` in `batch.heads`. */
  headRange(index: number): ByteRange {
    return { start: this.#index.starts[index] ?? 0, end: this.#index.ends[index] ?? 0 };
  }

  /** Bytes of the body of event `index` in the bodies before compression. */
  bodyRange(index: number): ByteRange {
    const { bodyStarts } = this.#index;
    return { start: bodyStarts[index] ?? 0, end: bodyStarts[index + 1] ?? 0 };
  }

  /** Where event `index` states a text itself; undefined when it does not. */
  textRange(index: number, field: HeadTextField): ByteRange | undefined {
    const wanted = HEAD_FIELD[field];
    const cursor = this.#cursor(index);
    let found: ByteRange | undefined;
    while (cursor.position < cursor.end) {
      const tag = cursor.varint();
      if (tag >>> 3 === wanted) {
        const length = cursor.varint();
        found = { start: cursor.position, end: cursor.position + length };
        cursor.skipBytes(length);
      } else cursor.skipValue(tag & 7);
    }
    return found;
  }

  /** The text of event `index` with the batch's default, without the contract's. */
  text(index: number, field: HeadTextField): string | undefined {
    const own = this.#presentInHeads(field) ? this.textRange(index, field) : undefined;
    return own === undefined
      ? this.#batch.defaults?.[field]
      : this.#heads.toString("utf8", own.start, own.end);
  }

  /** Its id; without one, `<producer id in hex>-<producer sequence>`. */
  id(index: number): string {
    return (
      this.text(index, "id") ?? `${this.#producer()}-${this.#batch.baseSequence + BigInt(index)}`
    );
  }

  /** Its source; without one, `/producers/<producer id in hex>`. */
  source(index: number): string {
    return this.text(index, "source") ?? `/producers/${this.#producer()}`;
  }

  /** Its type; empty where the contract's rule is broken. */
  type(index: number): string {
    return this.text(index, "type") ?? "";
  }

  /** Its correlation id, if any. */
  correlationId(index: number): string | undefined {
    return this.text(index, "correlationId");
  }

  /** Its causation id, if any. */
  causationId(index: number): string | undefined {
    return this.text(index, "causationId");
  }

  /** Its ordering key, if any. */
  orderingKey(index: number): string | undefined {
    return this.text(index, "orderingKey");
  }

  /** When it expires, milliseconds since the Unix epoch, if ever. */
  expireTimeUnixMs(index: number): bigint | undefined {
    return this.#time(index, "expireTimeUnixMs") ?? this.#batch.defaults?.expireTimeUnixMs;
  }

  /** When it happened, nanoseconds since the Unix epoch, if stated. */
  timeUnixNs(index: number): bigint | undefined {
    return this.#time(index, "timeUnixNs") ?? this.#batch.defaults?.timeUnixNs;
  }

  #time(index: number, field: "timeUnixNs" | "expireTimeUnixMs"): bigint | undefined {
    if (!this.#presentInHeads(field)) return undefined;
    const cursor = this.#cursor(index);
    let found: bigint | undefined;
    while (cursor.position < cursor.end) {
      const tag = cursor.varint();
      if (tag >>> 3 === HEAD_FIELD[field]) found = this.#heads.readBigInt64LE(cursor.position);
      cursor.skipValue(tag & 7);
    }
    return found;
  }

  #presentInHeads(field: keyof typeof HEAD_FIELD): boolean {
    return ((this.#index.fieldsPresent >>> HEAD_FIELD[field]) & 1) === 1;
  }

  #cursor(index: number): WireCursor {
    const cursor = new WireCursor(this.#batch.heads);
    cursor.position = this.#index.starts[index] ?? 0;
    cursor.end = this.#index.ends[index] ?? 0;
    return cursor;
  }

  #producer(): string {
    return Buffer.from(this.#batch.producerId).toString("hex");
  }
}
