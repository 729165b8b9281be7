import {
  type AtCursor,
  isBefore,
  type LanePosition,
  laneOf,
  lanesOf,
  partitionText,
  type SoughtOffset,
  stateKeys,
  type TopicPartition,
} from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import type { Journal } from "@opendxa/pubsub-journal";
import {
  BatchRef,
  badRequest,
  decodeEntry,
  type IndexRange,
  PubSubError,
  SequenceRef_Batch,
  type SubscriptionState,
  type TopicOffset,
  TopicPattern,
} from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { DurableReader } from "./durable-reader.js";
import type { IndexWriter } from "./index-writer.js";
import type { TopicTable } from "./topic-table.js";

/** Where places of the journal are looked up. */
export interface SeekResolverParts {
  /** Times of entries. */
  readonly journal: Journal;
  /** Batches by offset and by sequence. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** How far the journal is. */
  readonly loop: CommandLoop;
  /** Bounds of partitions. */
  readonly state: DurableReader;
  /** Topics. */
  readonly topics: TopicTable;
}

interface Position {
  readonly sequence: bigint;
  readonly index: number;
}

/** Looks up what a seek needs to know of the journal. */
export class SeekResolver {
  readonly #parts: SeekResolverParts;

  constructor(parts: SeekResolverParts) {
    this.#parts = parts;
  }

  /**
   * First sequence whose entry is not older than a time, in milliseconds since the Unix epoch; the
   * next sequence when all are older. Times of entries never go back.
   */
  async atTime(timeUnixMs: bigint): Promise<bigint> {
    const { journal, loop } = this.#parts;
    let low = journal.firstSequence;
    let high = loop.durableSequence + 1n;
    while (low < high) {
      const middle = (low + high) / 2n;
      const found = await this.#firstEntry(middle, high - 1n);
      if (found === undefined || found.timeUnixMs >= timeUnixMs) high = middle;
      else low = found.sequence + 1n;
    }
    return low;
  }

  /**
   * An offset of a topic-partition with what lies at the subscription's cursors. Throws
   * TOPIC_NOT_FOUND, OFFSET_OUT_OF_RANGE and BAD_REQUEST.
   */
  async atOffset(
    state: SubscriptionState,
    lanes: readonly LanePosition[],
    asked: TopicOffset,
  ): Promise<SoughtOffset> {
    const place = this.#placeOf(state, asked);
    const { offset } = asked;
    const { first, next } = await this.#bounds(place);
    if (offset < first || offset > next) {
      const text = `offset ${offset} is not between ${first} and ${next}`;
      throw PubSubError.of("OFFSET_OUT_OF_RANGE", text, { metadata: { offset, first, next } });
    }
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
    const at = await this.#positionOf(place, offset);
    const atCursor = new Map<LanePosition["lane"], AtCursor>();
    for (const lane of lanes) atCursor.set(lane.lane, await this.#atCursor(state, lane));
    return {
      ...place,
      offset,
      sequence: at?.sequence ?? this.#parts.loop.durableSequence + 1n,
      atCursor,
      ownRanges: await this.#ownRanges(place, lanes),
    };
  }

  #placeOf(
    { subscription }: SubscriptionState,
    { topic: name, partition }: TopicOffset,
  ): TopicPartition {
    const topic = this.#parts.topics.byName(name);
    if (topic === undefined) {
      throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${name} does not exist`, {
        metadata: { topic: name },
      });
    }
    const partitions = topic.topic?.settings?.partitions ?? 1;
    if (partition >= partitions) {
      throw badRequest(
        "offset.partition",
        `must be below ${partitions}, the partitions of ${name}`,
      );
    }
    const patterns = subscription?.settings?.patterns ?? [];
    if (!patterns.some((pattern) => TopicPattern.parse(pattern).matches(name))) {
      throw badRequest("offset.topic", "must match a pattern of the subscription");
    }
    return { topicId: topic.topicId, partition };
  }

  async #bounds({ topicId, partition }: TopicPartition): Promise<{ first: bigint; next: bigint }> {
    const [bounds] = await this.#parts.state.read([stateKeys.partition(topicId, partition)]);
    return { first: bounds?.firstOffset ?? 0n, next: bounds?.nextOffset ?? 0n };
  }

  async #firstEntry(from: bigint, to: bigint) {
    for await (const { sequence, payload } of this.#parts.journal.read({ from, to })) {
      return { sequence, timeUnixMs: decodeEntry(payload).timeUnixMs };
    }
    return undefined;
  }

  /** Position of the first event at or behind an offset. */
  async #positionOf(place: TopicPartition, offset: bigint): Promise<Position | undefined> {
    const { topicId, partition } = place;
    const at = stateKeys.batch(topicId, partition, offset).name;
    const prefix = at.slice(0, -16);
    const scan = this.#parts.index.scan.bind(this.#parts.index);
    const [before] = await scan({ gte: prefix, lte: at, reverse: true, limit: 1 });
    if (before !== undefined) {
      const ref = BatchRef.decode(before.value);
      const behind = Number(offset - BigInt(`0x${before.key.slice(prefix.length)}`));
      if (behind < ref.count) return shifted(ref, behind);
    }
    const [after] = await scan({ gt: at, lt: `${prefix}g`, limit: 1 });
    return after === undefined ? undefined : shifted(BatchRef.decode(after.value), 0);
  }

  async #atCursor(state: SubscriptionState, position: LanePosition): Promise<AtCursor> {
    const offsets = new Map<string, bigint>();
    for (const start of state.partitionStarts) {
      offsets.set(partitionText(start), await this.#offsetAt(start, position.cursor));
    }
    return { straddled: await this.#straddled(state, position), offsets };
  }

  async #straddled(
    state: SubscriptionState,
    { lane, cursor }: LanePosition,
  ): Promise<AtCursor["straddled"]> {
    const hasOneLane = lanesOf(state).length === 1;
    for (const batch of await this.#batchesOf(cursor.sequence)) {
      const isOfLane = hasOneLane || laneOf(batch.priority) === lane;
      const { firstIndex, count } = batch;
      if (isOfLane && firstIndex < cursor.index && cursor.index < firstIndex + count) return batch;
    }
    return undefined;
  }

  /** Offset of the first event of a topic-partition at or behind a position. */
  async #offsetAt({ topicId, partition }: TopicPartition, cursor: Position): Promise<bigint> {
    const place = { topicId, partition };
    let { first: low, next: high } = await this.#bounds(place);
    while (low < high) {
      const middle = (low + high) / 2n;
      const position = await this.#positionOf(place, middle);
      if (position === undefined || !isBefore(position, cursor)) high = middle;
      else low = middle + 1n;
    }
    return low;
  }

  async #ownRanges(
    place: TopicPartition,
    lanes: readonly LanePosition[],
  ): Promise<Map<bigint, IndexRange[]>> {
    const own = new Map<bigint, IndexRange[]>();
    const sequences = new Set(lanes.flatMap(({ exceptions }) => [...exceptions.keys()]));
    for (const sequence of sequences) {
      const ranges = (await this.#batchesOf(sequence))
        .filter((batch) => partitionText(batch) === partitionText(place))
        .map(({ firstIndex, count }) => ({ first: firstIndex, last: firstIndex + count - 1 }));
      if (ranges.length > 0) own.set(sequence, ranges);
    }
    return own;
  }

  async #batchesOf(sequence: bigint): Promise<SequenceRef_Batch[]> {
    const prefix = stateKeys.sequence(sequence, 0).name.slice(0, -8);
    const found: SequenceRef_Batch[] = [];
    for await (const { value } of this.#parts.index.iterate(prefixScope(prefix))) {
      found.push(SequenceRef_Batch.decode(value));
    }
    return found;
  }
}

/** Position of an event of a batch: a batch that was scheduled lies where it was released. */
function shifted({ sequence, firstIndex, releasedSequence }: BatchRef, behind: number): Position {
  if (releasedSequence !== undefined) return { sequence: releasedSequence, index: behind };
  return { sequence, index: firstIndex + behind };
}
