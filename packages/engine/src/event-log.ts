import { decodePosition, excludedBits, keySegment, stateKeys } from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import {
  BatchRef,
  batchBytes,
  decodeBatch,
  type Event,
  isSelected,
  type ListCorrelatedEventsRequest,
  type ListCorrelatedEventsResponse,
  PubSubError,
  type ReadBatch,
  type StoredBatch,
  selectionOf,
} from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { EntryReader } from "./delivery-builder.js";
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
}

function included(stored: StoredBatch): Uint8Array {
  const excluded = excludedBits(stored);
  const { count = 0 } = stored.batch ?? {};
  if (excluded.length === 0) return new Uint8Array(0);
  return selectionOf(
    count,
    Array.from({ length: count }, (_, i) => i).filter((i) => !isSelectedBit(excluded, i)),
  );
}

function isSelectedBit(bits: Uint8Array, index: number): boolean {
  return bits.length > 0 && isSelected(bits, index);
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
    const topic = this.#parts.topics.byName(range.topic);
    if (topic === undefined) {
      throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${range.topic} does not exist`, {
        metadata: { topic: range.topic },
      });
    }
    const partitions = topic.topic?.settings?.partitions ?? 1;
    if (range.partition >= partitions) {
      throw PubSubError.of(
        "PARTITION_INVALID",
        `topic ${range.topic} has ${partitions} partitions`,
        {
          metadata: { topic: range.topic, partition: range.partition, partitions },
        },
      );
    }
    let offset = range.offset;
    let left = range.eventsMax === 0n ? undefined : range.eventsMax;
    let isFirst = true;
    while (!signal.aborted) {
      const durable = this.#parts.loop.durableSequence;
      await this.#parts.writer.reached(durable);
      const scope = { topicId: topic.topicId, partition: range.partition };
      for await (const group of this.#groups(scope, { offset, left, isFirst })) {
        yield group.batches;
        offset = group.next;
        if (left !== undefined) left -= group.events;
        if (left === 0n || signal.aborted) return;
      }
      isFirst = false;
      if (!range.follow) return;
      if (this.#parts.loop.durableSequence === durable) await this.#nextDurable(signal);
    }
  }

  async *#groups(
    scope: { topicId: number; partition: number },
    from: { offset: bigint; left: bigint | undefined; isFirst: boolean },
  ): AsyncGenerator<{ batches: ReadBatch[]; next: bigint; events: bigint }> {
    let { offset, left } = from;
    const start = await this.#startKey(scope, from);
    let batches: ReadBatch[] = [];
    let bytes = 0;
    let events = 0n;
    const prefix = stateKeys.batch(scope.topicId, scope.partition, 0n).name.slice(0, -16);
    let gte: string | undefined = start;
    while (gte !== undefined) {
      const page = await this.#parts.index.scan({ gte, lt: `${prefix}g`, limit: scanPageMax });
      for (const { value } of page) {
        const ref = BatchRef.decode(value);
        const found = await this.#readBatch(ref, offset, left);
        if (found === undefined) continue;
        if (batches.length > 0 && bytes + found.bytes > deliveryBytesMax) {
          yield { batches, next: offset, events };
          batches = [];
          bytes = 0;
          events = 0n;
        }
        batches.push(found.read);
        bytes += found.bytes;
        events += found.events;
        offset = found.next;
        if (left !== undefined) left -= found.events;
        if (left === 0n) break;
      }
      const last = page.at(-1)?.key;
      gte = page.length < scanPageMax || left === 0n || last === undefined ? undefined : `${last} `;
    }
    if (batches.length > 0) yield { batches, next: offset, events };
  }

  async #startKey(
    { topicId, partition }: { topicId: number; partition: number },
    { offset, isFirst }: { offset: bigint; isFirst: boolean },
  ): Promise<string> {
    const prefix = stateKeys.batch(topicId, partition, 0n).name.slice(0, -16);
    const at = stateKeys.batch(topicId, partition, offset).name;
    const [before] = await this.#parts.index.scan({
      gte: prefix,
      lte: at,
      reverse: true,
      limit: 1,
    });
    if (isFirst) await this.#checkOffset(prefix, offset);
    return before?.key ?? at;
  }

  async #checkOffset(prefix: string, offset: bigint): Promise<void> {
    const { index } = this.#parts;
    const [oldest] = await index.scan({ gte: prefix, lt: `${prefix}g`, limit: 1 });
    const [newest] = await index.scan({ gte: prefix, lt: `${prefix}g`, reverse: true, limit: 1 });
    const baseOf = (entry: typeof oldest): bigint =>
      entry === undefined ? 0n : BigInt(`0x${entry.key.slice(-16)}`);
    const first = baseOf(oldest);
    const next =
      newest === undefined ? 0n : baseOf(newest) + BigInt(BatchRef.decode(newest.value).count);
    if (offset >= first && offset <= next) return;
    if (offset === 0n) return;
    throw PubSubError.of(
      "OFFSET_OUT_OF_RANGE",
      `offset ${offset} is not between ${first} and ${next}`,
      {
        metadata: { offset, first, next },
      },
    );
  }

  async #readBatch(
    ref: BatchRef,
    offset: bigint,
    left: bigint | undefined,
  ): Promise<{ read: ReadBatch; bytes: number; events: bigint; next: bigint } | undefined> {
    const stored = await this.#parts.reader.readBatch(ref.sequence, ref.firstIndex);
    const batch = stored?.batch;
    if (stored === undefined || batch === undefined) return undefined;
    const all = included(stored);
    const indexes = Array.from({ length: batch.count }, (_, i) => i)
      .filter((i) => batch.baseOffset + BigInt(i) >= offset && isSelected(all, i))
      .slice(0, left === undefined ? undefined : Number(left));
    const newest = indexes.at(-1);
    if (newest === undefined) return undefined;
    return {
      read: {
        batch,
        selected: selectionOf(batch.count, indexes),
        sequence: ref.sequence,
        firstIndex: ref.firstIndex,
      },
      bytes: batchBytes(batch),
      events: BigInt(indexes.length),
      next: batch.baseOffset + BigInt(newest) + 1n,
    };
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

  /** One event by its position. Throws DATA_CORRUPT; `undefined` when it is gone. */
  async eventAt(sequence: bigint, index: number): Promise<Event | undefined> {
    const entry = await this.#parts.reader.read(sequence);
    const stored = entry?.batches.find(
      ({ firstIndex, batch }) => index >= firstIndex && index < firstIndex + (batch?.count ?? 0),
    );
    if (stored?.batch === undefined) return undefined;
    const at = index - stored.firstIndex;
    const selected = selectionOf(stored.batch.count, [at]);
    const [event] = decodeBatch(stored.batch, { selected, verifyChecksums: false });
    if (event === undefined) return undefined;
    return {
      topic: event.topic,
      partition: event.partition,
      offset: event.offset,
      appendTimeUnixMs: event.appendTimeUnixMs,
      head: event.head,
      body: event.body,
      priority: event.priority,
    };
  }

  /** A page of the events of a correlation id. */
  async listCorrelated(
    request: ListCorrelatedEventsRequest,
  ): Promise<ListCorrelatedEventsResponse> {
    const { correlationId, pageToken: token } = request;
    const size = pageSizeOf(request.pageSize);
    if (correlationId === "") {
      const rule = "must be 1 to 255 bytes";
      throw PubSubError.of("BAD_REQUEST", `correlation_id ${rule}`, {
        metadata: { field: "correlation_id", rule },
      });
    }
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

  /** Where an event of a topic lies, by source and id. */
  async positionOfId(
    topicId: number,
    source: string,
    id: string,
  ): Promise<{ sequence: bigint; index: number } | undefined> {
    const value = await this.#parts.index.get(stateKeys.eventId(topicId, source, id).name);
    return value === undefined ? undefined : decodePosition(value);
  }
}
