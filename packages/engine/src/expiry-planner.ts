import { type BatchRef, batchRefOf, expiredBatchesMax, stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  BatchRef as IndexedBatch,
  PartitionState,
  SequenceRef_Batch,
  type TopicState,
} from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { DurableReader } from "./durable-reader.js";
import type { HeldFront, HeldFronts } from "./held-fronts.js";
import type { IndexWriter } from "./index-writer.js";
import { retentionStepBatchesMax } from "./limits.js";

/** Batches of one partition that may go, ascending. */
export interface PlannedExpiry {
  /** Partition. */
  readonly partition: number;
  /** The batches, at least one. */
  readonly refs: readonly BatchRef[];
  /** Offset of the oldest batch below them that stays. Absent: none. */
  readonly keptOffset: bigint | undefined;
  /** Offset of the batch above them, or the next offset. */
  readonly aboveOffset: bigint;
}

/** What one step of a topic found. */
export interface ExpiryPlan {
  /** What may go now. */
  readonly expiries: readonly PlannedExpiry[];
  /** When the next batch may go, milliseconds since the Unix epoch; none does before. */
  readonly nextMs: number;
}

/** What a topic's retention says now. */
export interface RetentionRule {
  /** The clock, milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Batches older than this go. Absent: none goes for its age. */
  readonly ageMs: number | undefined;
  /** Bytes that may stay; absent: any. */
  readonly bytesMax: number | undefined;
}

interface Located {
  readonly ref: BatchRef;
  readonly appendMs: number;
}

/** The oldest batches of a partition that are not known to be held. */
interface Page {
  readonly partition: number;
  readonly batches: readonly Located[];
  readonly keptOffset: bigint | undefined;
  readonly heldBytes: number;
  readonly heldUntilMs: number;
  /** Whether batches lie above the page. */
  readonly isCut: boolean;
  /** Offset of the batch above the page; what the next event gets when there is none. */
  readonly aboveOffset: bigint;
  /** How many of them go. */
  chosen: number;
}

/** Where a batch is listed: a scheduled one with its release. */
function listedAt({ sequence, firstIndex, releasedSequence }: IndexedBatch): [bigint, number] {
  return releasedSequence === undefined ? [sequence, firstIndex] : [releasedSequence, 0];
}

function offsetOfKey(key: string): bigint {
  return BigInt(`0x${key.slice(-16)}`);
}

/** What the planner reads. */
export interface ExpiryPlannerParts {
  /** Where the batches are listed. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** How far the journal is. */
  readonly loop: CommandLoop;
  /** Bounds of the partitions. */
  readonly state: DurableReader;
}

/** Chooses the batches of a topic that retention may drop, the oldest first. */
export class ExpiryPlanner {
  readonly #parts: ExpiryPlannerParts;
  readonly #fronts: HeldFronts;

  constructor(parts: ExpiryPlannerParts, fronts: HeldFronts) {
    this.#parts = parts;
    this.#fronts = fronts;
  }

  /** One bounded step. */
  async plan(topic: TopicState, rule: RetentionRule): Promise<ExpiryPlan> {
    const states = await this.#partitions(topic);
    const limit = pageLimit(states.length);
    const pages: Page[] = [];
    for (const [partition, { nextOffset }] of states.entries()) {
      const front = this.#fronts.of(topic.topicId, partition, rule.nowMs);
      const scope = { topicId: topic.topicId, partition, front, nextOffset };
      pages.push(await this.#page(scope, limit));
    }
    const { ageMs, nowMs, bytesMax } = rule;
    if (ageMs !== undefined) for (const page of pages) chooseOld(page, nowMs - ageMs);
    if (bytesMax !== undefined) {
      const stored = states.reduce((sum, { bytes }) => sum + Number(bytes), 0);
      const spoken = pages.reduce((sum, page) => sum + page.heldBytes + chosenBytes(page), 0);
      choosePlenty(pages, stored - spoken - bytesMax);
    }
    return { expiries: pages.flatMap(planned), nextMs: nextMsOf(pages, rule) };
  }

  /** What is left of a deleted topic, a bounded part of one partition at a time. */
  async planAll(topic: TopicState): Promise<PlannedExpiry | undefined> {
    const states = await this.#partitions(topic);
    for (const [partition, { nextOffset }] of states.entries()) {
      const scope = { topicId: topic.topicId, partition, front: undefined, nextOffset };
      const page = await this.#page(scope, pageLimit(1));
      page.chosen = page.batches.length;
      const [plan] = planned(page);
      if (plan !== undefined) return plan;
    }
    return undefined;
  }

  /**
   * Bounds as they were before the index, which is let catch up with them, is looked at: an event
   * that comes later has an offset at or above the next one of these.
   */
  async #partitions({ topicId, topic }: TopicState): Promise<PartitionState[]> {
    const { state, writer, loop } = this.#parts;
    const count = topic?.settings?.partitions ?? 1;
    const keys = Array.from({ length: count }, (_, i) => stateKeys.partition(topicId, i));
    const states = await state.read(keys);
    await writer.reached(loop.durableSequence);
    return states.map((known) => known ?? PartitionState.create());
  }

  async #page(
    scope: {
      readonly topicId: number;
      readonly partition: number;
      readonly front: HeldFront | undefined;
      readonly nextOffset: bigint;
    },
    limit: number,
  ): Promise<Page> {
    const { topicId, partition, front, nextOffset } = scope;
    const from = stateKeys.batch(topicId, partition, front?.from ?? 0n).name;
    const found = await this.#parts.index.scan({
      gte: from,
      lt: `${from.slice(0, -16)}g`,
      limit: limit + 1,
    });
    const above = found[limit]?.key;
    const batches = await this.#located(found.slice(0, limit));
    const last = batches.at(-1)?.ref;
    const end = last === undefined ? 0n : last.baseOffset + BigInt(last.count);
    return {
      partition,
      batches,
      keptOffset: front?.keptOffset,
      heldBytes: front?.bytes ?? 0,
      heldUntilMs: front?.untilMs ?? Number.POSITIVE_INFINITY,
      isCut: above !== undefined,
      aboveOffset: above !== undefined ? offsetOfKey(above) : end > nextOffset ? end : nextOffset,
      chosen: 0,
    };
  }

  async #located(found: readonly { key: string; value: Uint8Array }[]): Promise<Located[]> {
    const stored = found.map(({ value }) => IndexedBatch.decode(value));
    const lines = await this.#parts.index.getMany(
      stored.map((batch) => stateKeys.sequence(...listedAt(batch)).name),
    );
    return stored.map((batch, i) => {
      const { appendTimeUnixMs } = batch;
      const [sequence] = listedAt(batch);
      const line = lines[i];
      if (line === undefined) throw new Error(`the index lacks a line of entry ${sequence}`);
      const ref = batchRefOf(sequence, SequenceRef_Batch.decode(line));
      return { ref, appendMs: Number(appendTimeUnixMs) };
    });
  }
}

/** What one command cannot expire would be read in vain, and publishing waits while it is decoded. */
function pageLimit(partitions: number): number {
  return Math.max(1, Math.min(expiredBatchesMax, Math.floor(retentionStepBatchesMax / partitions)));
}

function chosenBytes({ batches, chosen }: Page): number {
  return batches.slice(0, chosen).reduce((sum, { ref }) => sum + ref.bytes, 0);
}

function chooseOld(page: Page, cutoffMs: number): void {
  const first = page.batches.findIndex(({ appendMs }) => appendMs > cutoffMs);
  page.chosen = first === -1 ? page.batches.length : first;
}

/** The page whose next batch is the oldest; none when what lies above a page may be older. */
function oldestPage(pages: readonly Page[]): Page | undefined {
  if (pages.some(({ batches, chosen, isCut }) => isCut && chosen === batches.length)) {
    return undefined;
  }
  const headOf = ({ batches, chosen }: Page) => batches[chosen]?.ref.sequence;
  const waiting = pages.filter((page) => headOf(page) !== undefined);
  return waiting.reduce<Page | undefined>((oldest, page) => {
    const isOlder = oldest === undefined || (headOf(page) ?? 0n) < (headOf(oldest) ?? 0n);
    return isOlder ? page : oldest;
  }, undefined);
}

/** Chooses the oldest over all partitions until the excess is gone or a page ends. */
function choosePlenty(pages: readonly Page[], excessBytes: number): void {
  for (let excess = excessBytes; excess > 0; ) {
    const page = oldestPage(pages);
    if (page === undefined) return;
    excess -= page.batches[page.chosen]?.ref.bytes ?? 0;
    page.chosen += 1;
  }
}

function planned({ partition, batches, chosen, keptOffset, aboveOffset }: Page): PlannedExpiry[] {
  if (chosen === 0) return [];
  const refs = batches.slice(0, chosen).map(({ ref }) => ref);
  const above = batches[chosen]?.ref.baseOffset ?? aboveOffset;
  return [{ partition, refs, keptOffset, aboveOffset: above }];
}

function nextMsOf(pages: readonly Page[], { nowMs, ageMs }: RetentionRule): number {
  let next = ageMs === undefined ? Number.POSITIVE_INFINITY : nowMs + ageMs;
  for (const { batches, chosen, heldUntilMs } of pages) {
    const oldest = batches[chosen];
    next = Math.min(next, heldUntilMs);
    if (oldest !== undefined && ageMs !== undefined) next = Math.min(next, oldest.appendMs + ageMs);
  }
  return next;
}
