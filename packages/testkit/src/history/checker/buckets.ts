import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUCKET_BUFFER_BYTES, BUCKET_BYTES, BUCKETS_MAX } from "./limits.js";
import type { EventRecord } from "./record.js";

/** A record about an event with where it came from. */
export interface Entry {
  /** Index of its file. */
  readonly file: number;
  /** Its line. */
  readonly line: number;
  /** Its process's session: which of its streams. */
  readonly session: number;
  /** The record. */
  readonly record: EventRecord;
}

interface Bucket {
  texts: string[];
  bytes: number;
}

/**
 * Spreads records over files by what they are about, so that all of one ordering key, or of one event
 * without a key, come together however long the history is; then hands them out bucket by bucket.
 */
export class Buckets {
  readonly #buckets: Bucket[];
  #folder: string | undefined;

  /**
   * @param historyBytes size of all files
   * @param bucketBytes size of a bucket
   */
  constructor(historyBytes: number, bucketBytes = BUCKET_BYTES) {
    const count = Math.min(BUCKETS_MAX, Math.max(1, Math.ceil(historyBytes / bucketBytes)));
    this.#buckets = Array.from({ length: count }, () => ({ texts: [], bytes: 0 }));
    if (count > 1) this.#folder = mkdtempSync(join(tmpdir(), "check-history-"));
  }

  /** Adds one record as its line's text. */
  add({ file, line, session, record }: Entry, text: string): void {
    const index = hash(groupOf(record)) % this.#buckets.length;
    const bucket = this.#buckets[index] as Bucket;
    bucket.texts.push(`${file} ${line} ${session} ${text}\n`);
    bucket.bytes += text.length;
    if (this.#folder !== undefined && bucket.bytes > BUCKET_BUFFER_BYTES) this.#spill(index);
  }

  /** The records of one bucket after another. */
  *read(): Generator<Entry[], void, undefined> {
    for (const [index, bucket] of this.#buckets.entries()) {
      if (this.#folder !== undefined) this.#spill(index);
      const text =
        this.#folder === undefined
          ? bucket.texts.join("")
          : readFileSync(this.#path(index), "utf8");
      bucket.texts = [];
      yield text.split("\n").filter(Boolean).map(entryOf);
    }
  }

  /** Removes the files. */
  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(index: number): string {
    return join(this.#folder as string, `${index}.jsonl`);
  }

  #spill(index: number): void {
    const bucket = this.#buckets[index] as Bucket;
    appendFileSync(this.#path(index), bucket.texts.join(""));
    bucket.texts = [];
    bucket.bytes = 0;
  }
}

/** What is judged together: a key of a topic, or an event without one. */
export function groupOf({ topic, source, id, key }: EventRecord): string {
  return key === undefined ? JSON.stringify([topic, source, id]) : JSON.stringify([topic, key]);
}

function entryOf(text: string): Entry {
  const [file, line, session] = text.split(" ", 3) as [string, string, string];
  const record = text.slice(file.length + line.length + session.length + 3);
  return {
    file: Number(file),
    line: Number(line),
    session: Number(session),
    record: JSON.parse(record) as EventRecord,
  };
}

/** FNV-1a of the text's units, 32 bits: spreads names that differ in their last digits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
