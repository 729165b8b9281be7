import type { RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { ErrorReason } from "../gen/opendxa/pubsub/v1/errors.js";
import type { EventRefusal } from "../gen/opendxa/pubsub/v1/publisher_service.js";
import { EVENT_BYTES_MAX } from "../limits.js";
import { HEAD_FIELD, HEAD_FIELD_MAX, HEAD_WIRE_TYPES } from "./head-fields.js";
import { type BrokenRule, brokenHeadText, missingField } from "./head-rules.js";
import type { HeadIndex } from "./scanned-heads.js";
import { FramingFault, WireCursor } from "./wire-cursor.js";

/** Tag of an EventHead in EventHeads. */
const HEAD_TAG = 0x0a;
const LENGTH = 2;
const UINT32_MAX = 0xffffffff;

/** What a scan found. */
export interface HeadScan {
  /** Where everything lies. */
  readonly index: HeadIndex;
  /** Heads in the bytes; above `index.starts.length` nothing was kept. */
  readonly heads: number;
  /** Sum of the bodies' lengths. */
  readonly bodiesBytes: number;
  /** Events whose heads break a rule, in order; empty where rules were not asked for. */
  readonly refusals: EventRefusal[];
}

/** Options of a scan. */
export interface HeadScanOptions {
  /** Check the rules of each head, not only the framing. */
  readonly rules: boolean;
}

/** Passes once over a batch's heads: about 16 ns an event, and never over its bodies. */
class HeadScanner {
  readonly refusals: EventRefusal[] = [];
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly bodyStarts: Uint32Array;
  heads = 0;
  bodiesBytes = 0;
  fieldsPresent = 0;
  readonly #batch: RecordBatch;
  readonly #cursor: WireCursor;
  readonly #withRules: boolean;
  readonly #bodyLengthDefault: number;
  #broken: BrokenRule | undefined;
  #present = 0;
  #bodyLength = 0;

  constructor(batch: RecordBatch, { rules }: HeadScanOptions) {
    this.#batch = batch;
    this.#cursor = new WireCursor(batch.heads);
    this.#withRules = rules;
    this.#bodyLengthDefault = batch.defaults?.bodyLength ?? 0;
    this.starts = new Uint32Array(batch.count);
    this.ends = new Uint32Array(batch.count);
    this.bodyStarts = new Uint32Array(batch.count + 1);
  }

  scan(): void {
    const cursor = this.#cursor;
    const end = cursor.end;
    while (cursor.position < end) {
      const tag = cursor.varint();
      if (tag !== HEAD_TAG) throw new FramingFault(`tag ${tag} in heads`);
      const length = cursor.varint();
      const start = cursor.position;
      cursor.skipBytes(length);
      if (this.heads < this.starts.length) this.#head(start, start + length);
      this.heads += 1;
      cursor.end = end;
    }
  }

  #head(start: number, end: number): void {
    const cursor = this.#cursor;
    const index = this.heads;
    cursor.position = start;
    cursor.end = end;
    this.#present = 0;
    this.#broken = undefined;
    this.#bodyLength = this.#bodyLengthDefault;
    while (cursor.position < end) this.#field();
    this.starts[index] = start;
    this.ends[index] = end;
    this.fieldsPresent |= this.#present;
    this.bodiesBytes += this.#bodyLength;
    if (this.bodiesBytes > UINT32_MAX) throw new FramingFault("bodies above 32 bits");
    this.bodyStarts[index + 1] = this.bodiesBytes;
    if (this.#withRules) this.#rules(index, end - start);
  }

  #field(): void {
    const cursor = this.#cursor;
    const tag = cursor.varint();
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0) throw new FramingFault("field number 0");
    if (number > HEAD_FIELD_MAX) {
      cursor.skipValue(wireType);
      return;
    }
    if (wireType !== HEAD_WIRE_TYPES[number]) {
      throw new FramingFault(`wire type ${wireType} of field ${number}`);
    }
    this.#present |= 1 << number;
    if (number === HEAD_FIELD.bodyLength) this.#bodyLength = cursor.varint();
    else if (wireType === LENGTH) this.#text(number);
    else cursor.skipBytes(8);
  }

  #text(number: number): void {
    const cursor = this.#cursor;
    const length = cursor.varint();
    const start = cursor.position;
    cursor.skipBytes(length);
    if (this.#withRules && this.#broken === undefined) {
      this.#broken = brokenHeadText(this.#batch.heads, number, start, cursor.position);
    }
  }

  #rules(index: number, headBytes: number): void {
    const { defaults, producerId } = this.#batch;
    const broken = this.#broken ?? missingField(this.#present, defaults, producerId.length > 0);
    const size = headBytes + this.#bodyLength;
    if (broken !== undefined) {
      this.refusals.push({ index, reason: ErrorReason.EVENT_INVALID, ...broken });
    } else if (size > EVENT_BYTES_MAX) {
      const rule = `at most ${EVENT_BYTES_MAX} bytes, not ${size}`;
      this.refusals.push({ index, reason: ErrorReason.LIMIT_EXCEEDED, field: "event", rule });
    }
  }
}

/**
 * Scans the heads of a batch whose `count` is within its limit and within its bytes.
 *
 * @throws {@link FramingFault} when the bytes are no EventHeads
 */
export function scanHeads(batch: RecordBatch, options: HeadScanOptions): HeadScan {
  const scanner = new HeadScanner(batch, options);
  scanner.scan();
  const { starts, ends, bodyStarts, fieldsPresent, heads, bodiesBytes, refusals } = scanner;
  return { index: { starts, ends, bodyStarts, fieldsPresent }, heads, bodiesBytes, refusals };
}
