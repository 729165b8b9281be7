import {
  batchRefOf,
  type BatchRef as CoreRef,
  excludedBits,
  isScheduled,
  keySegment,
  requireText,
  stateKeys,
} from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import {
  BatchRef,
  batchBytes,
  decodeStoredEvent,
  type Event,
  hasBit,
  isSelected,
  type ListCorrelatedEventsRequest,
  type ListCorrelatedEventsResponse,
  PayloadRef,
  PubSubError,
  type ReadBatch,
  type RecordBatch,
  SequenceRef_Batch,
  type StoredBatch,
  selectionOf,
  TEXT_BYTES_MAX,
} from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { EntryReader } from "./delivery-builder.js";
import type { DurableReader } from "./durable-reader.js";
import type { ReadRange } from "./engine-api.js";
import type { IndexWriter } from "./index-writer.js";
import { deliveryBytesMax, pageBytesMax, scanPageMax } from "./limits.js";
import { pageSizeOf, pageToken, positionOfToken } from "./page.js";
import type { TopicTable } from "./topic-table.js";

/** What reading needs. */
export interface EventLogParts {
  /** Index of payload. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** How far the journal is. */
  readonly loop: CommandLoop;
  /** Entries. */
  readonly reader: EntryReader;
  /** Topics. */
  readonly topics: TopicTable;
  /** State that is durable. */
  readonly state: DurableReader;
}

/** A topic-partition. */
interface Scope {
  readonly topicId: number;
  readonly partition: number;
}

/** What is still to be read: from which offset on, and how many events; absent: no bound. */
interface Rest {
  readonly offset: bigint;
  readonly left: bigint | undefined;
}

/** Where a batch is listed, and where its bytes lie. */
interface ListedBatch extends Pick<CoreRef, "sequence" | "firstIndex" | "payload" | "baseOffset"> {
  /** Events that are no part of the log. Absent: as the stored batch says. */
  readonly excluded: Uint8Array | undefined;
}

interface FoundBatch {
  readonly read: ReadBatch;
  readonly bytes: number;
  readonly rest: Rest;
}

function prefixOf({ topicId, partition }: Scope): string {
  return stateKeys.batch(topicId, partition, 0n).name.slice(0, -16);
}

function included(count: number, excluded: Uint8Array): Uint8Array {
  if (excluded.length === 0) return new Uint8Array(0);
  return selectionOf(
    count,
    Array.from({ length: count }, (_, i) => i).filter((i) => !hasBit(excluded, i)),
  );
}

/** Reads what is stored: by topic and offset, by correlation id, by position. */
export class EventLog {
  readonly #parts: EventLogParts;
  #wakers: (() => void)[] = [];

  constructor(parts: EventLogParts) {
    this.#parts = parts;
  }

  /** Something became durable: readers that follow look again. */
  wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const waker of wakers) waker();
  }

  /** Batches of one topic-partition. */
  async *read(range: ReadRange, signal: AbortSignal): AsyncGenerator<ReadBatch[]> {
    const scope = { topicId: this.#topicOf(range), partition: range.partition };
    const left = range.eventsMax === 0n ? undefined : range.eventsMax;
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
    await this.#checkOffset(scope, range.offset);
    let rest = { offset: range.offset, left };
    while (!signal.aborted && rest.left !== 0n) {
      const durable = this.#parts.loop.durableSequence;
      await this.#parts.writer.reached(durable);
      for await (const group of this.#groups(scope, rest)) {
        yield group.batches;
        rest = group.rest;
        if (signal.aborted) return;
      }
      if (!range.follow || rest.left === 0n) return;
      if (this.#parts.loop.durableSequence === durable) await this.#nextDurable(signal);
    }
  }

  #topicOf({ topic: name, partition }: ReadRange): number {
    const topic = this.#parts.topics.byName(name);
    if (topic === undefined) {
      throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${name} does not exist`, {
        metadata: { topic: name },
      });
    }
    const partitions = topic.topic?.settings?.partitions ?? 1;
    if (partition >= partitions) {
      throw PubSubError.of("PARTITION_INVALID", `topic ${name} has ${partitions} partitions`, {
        metadata: { topic: name, partition, partitions },
      });
    }
    return topic.topicId;
  }

  /** The batches from a place on, in groups of at most `deliveryBytesMax` or one batch. */
  async *#groups(scope: Scope, from: Rest): AsyncGenerator<{ batches: ReadBatch[]; rest: Rest }> {
    let batches: ReadBatch[] = [];
    let bytes = 0;
    let rest = from;
    for await (const found of this.#batches(scope, from)) {
      if (batches.length > 0 && bytes + found.bytes > deliveryBytesMax) {
        yield { batches, rest };
        batches = [];
        bytes = 0;
      }
      batches.push(found.read);
      bytes += found.bytes;
      rest = found.rest;
    }
    if (batches.length > 0) yield { batches, rest };
  }

  async *#batches(scope: Scope, from: Rest): AsyncGenerator<FoundBatch> {
    let rest = from;
    for await (const ref of this.#refs(scope, from.offset)) {
      const found = await this.#readBatch(ref, rest);
      if (found === undefined) continue;
      yield found;
      rest = found.rest;
      if (rest.left === 0n) return;
    }
  }

  async *#refs(scope: Scope, offset: bigint): AsyncGenerator<BatchRef> {
    const lt = `${prefixOf(scope)}g`;
    let page = { gte: await this.#startKey(scope, offset), lt, limit: scanPageMax };
    for (;;) {
      const entries = await this.#parts.index.scan(page);
      for (const { value } of entries) yield BatchRef.decode(value);
      const last = entries.at(-1);
      if (last === undefined || entries.length < scanPageMax) return;
      page = { ...page, gte: `${last.key} ` };
    }
  }

  async #startKey(scope: Scope, offset: bigint): Promise<string> {
    const at = stateKeys.batch(scope.topicId, scope.partition, offset).name;
    const before = { gte: prefixOf(scope), lte: at, reverse: true, limit: 1 };
    const [nearest] = await this.#parts.index.scan(before);
    return nearest?.key ?? at;
  }

  async #checkOffset(scope: Scope, offset: bigint): Promise<void> {
    const key = stateKeys.partition(scope.topicId, scope.partition);
    const [bounds] = await this.#parts.state.read([key]);
    const { firstOffset: first = 0n, nextOffset: next = 0n } = bounds ?? {};
    if (offset >= first && offset <= next) return;
    const text = `offset ${offset} is not between ${first} and ${next}`;
    throw PubSubError.of("OFFSET_OUT_OF_RANGE", text, { metadata: { offset, first, next } });
  }

  async #readBatch(ref: BatchRef, { offset, left }: Rest): Promise<FoundBatch | undefined> {
    const listed = await this.#listed(ref);
    const stored = listed && (await this.#parts.reader.readListed(listed));
    const batch = stored?.batch;
    if (listed === undefined || stored === undefined || batch === undefined) return undefined;
    const all = included(batch.count, listed.excluded ?? excludedBits(stored));
    const indexes = Array.from({ length: batch.count }, (_, i) => i)
      .filter((i) => batch.baseOffset + BigInt(i) >= offset && isSelected(all, i))
      .slice(0, left === undefined ? undefined : Number(left));
    const newest = indexes.at(-1);
    if (newest === undefined) return undefined;
    const { sequence, firstIndex } = listed;
    return {
      read: { batch, selected: selectionOf(batch.count, indexes), sequence, firstIndex },
      bytes: batchBytes(batch),
      rest: {
        offset: batch.baseOffset + BigInt(newest) + 1n,
        left: left === undefined ? undefined : left - BigInt(indexes.length),
      },
    };
  }

  /** Position, payload and offset of a batch; what was cancelled of a scheduled one its line says. */
  async #listed(ref: BatchRef): Promise<ListedBatch | undefined> {
    const { sequence, firstIndex, releasedSequence } = ref;
    const payload = { sequence, firstIndex };
    if (releasedSequence === undefined) {
      return { ...payload, payload, baseOffset: 0n, excluded: undefined };
    }
    const line = await this.#parts.index.get(stateKeys.sequence(releasedSequence, 0).name);
    return line && batchRefOf(releasedSequence, SequenceRef_Batch.decode(line));
  }

  #nextDurable(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      this.#wakers.push(done);
    });
  }

  /** One event by the position of its payload. Throws DATA_CORRUPT; `undefined` when it is gone. */
  async eventAt(sequence: bigint, index: number): Promise<Event | undefined> {
    const entry = await this.#parts.reader.read(sequence);
    const found = entry?.batches.find(
      ({ firstIndex, batch }) => index >= firstIndex && index < firstIndex + (batch?.count ?? 0),
    );
    const batch = found && (await this.#inLog(sequence, found));
    if (found === undefined || batch === undefined) return undefined;
    return decodeStoredEvent(batch, index - found.firstIndex);
  }

  /** A stored batch as it is in the log; `undefined` while it waits for its release. */
  async #inLog(sequence: bigint, stored: StoredBatch): Promise<RecordBatch | undefined> {
    const { batch, firstIndex } = stored;
    if (batch === undefined || !isScheduled(stored)) return batch;
    const value = await this.#parts.index.get(stateKeys.payload(sequence, firstIndex).name);
    const ref = value && PayloadRef.decode(value);
    if (ref?.releasedSequence === undefined) return undefined;
    const { baseOffset, appendTimeUnixMs } = ref;
    return { ...batch, baseOffset, appendTimeUnixMs };
  }

  /** A page of the events of a correlation id. */
  async listCorrelated(
    request: ListCorrelatedEventsRequest,
  ): Promise<ListCorrelatedEventsResponse> {
    const { correlationId, pageToken: token } = request;
    const size = pageSizeOf(request.pageSize);
    requireText("correlation_id", correlationId, { bytesMin: 1, bytesMax: TEXT_BYTES_MAX });
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
    const scope = prefixScope(`c/${keySegment(correlationId)}/`);
    const after = token === "" ? undefined : positionOfToken(token);
    const range =
      after === undefined
        ? { ...scope, limit: size + 1 }
        : {
            lt: scope.lt,
            gt: stateKeys.correlated(correlationId, after.sequence, after.index).name,
            limit: size + 1,
          };
    const events: Event[] = [];
    let bytes = 0;
    let next = "";
    let last: { sequence: bigint; index: number } | undefined;
    for (const { key } of await this.#parts.index.scan(range)) {
      if (events.length >= size || bytes >= pageBytesMax) {
        next = last === undefined ? "" : pageToken(last.sequence, last.index);
        break;
      }
      last = {
        sequence: BigInt(`0x${key.slice(-25, -9)}`),
        index: Number.parseInt(key.slice(-8), 16),
      };
      const event = await this.eventAt(last.sequence, last.index);
      if (event === undefined) continue;
      events.push(event);
      bytes += event.body?.data.length ?? 0;
    }
    return { events, nextPageToken: next };
  }
}
