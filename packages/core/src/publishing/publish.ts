import {
  BATCH_EVENTS_MAX,
  type BatchResult,
  BatchResult as BatchResultMessage,
  bitmapOf,
  type CheckedBatch,
  Durability,
  Entry,
  ErrorReason,
  hasBit,
  isReservedTopic,
  type PublishFrame,
  PubSubError,
  type RecordBatch,
  type ScannedHeads,
  type StoredBatch,
  type TopicState,
  validateClientTopicName,
} from "@opendxa/pubsub-protocol";
import { requireAtMost } from "../delivery/settlement-rules.js";
import type { DecideContext, Decision, DecisionDurability, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { DecidedTopics } from "../topics/decided-topics.js";
import { isCreatedOnFirstUse } from "../topics/topic-family.js";
import { completeTopicSettings } from "../topics/topic-settings.js";
import { Dedup, noDuplicates } from "./dedup.js";
import { requireEntryFits } from "./entry-size.js";
import { requireNamesFit } from "./event-names.js";
import { deliverAheadMsMax, scheduledEventsMax } from "./limits.js";
import { producerHex } from "./open-producer.js";
import { PartitionOffsets } from "./partition-offsets.js";
import { checkPlacement } from "./placement.js";
import { ProducerSequences, type RememberedBatch } from "./producer-sequences.js";

/** A frame with what the check of each batch found. */
export interface PublishCommand {
  /** As received. */
  readonly frame: PublishFrame;
  /** Per batch: its heads and refused events, or why it is refused as a whole. */
  readonly checks: readonly (CheckedBatch | PubSubError)[];
}

/** One result a batch, in the order of the batches. */
export type PublishReply = BatchResult[];

function keysOfTopics(command: PublishCommand): AnyStateKey[] {
  const names = new Set<string>();
  for (const [i, batch] of command.frame.batches.entries()) {
    if (!(command.checks[i] instanceof PubSubError)) names.add(batch.topic);
  }
  return [stateKeys.namespace(), ...Array.from(names, (name) => stateKeys.topic(name))];
}

/** Keys that one batch needs; its topic is loaded. */
function batchReads(batch: RecordBatch, { heads }: CheckedBatch, loaded: Loaded): AnyStateKey[] {
  const topic = loaded.get(stateKeys.topic(batch.topic));
  const producer = batch.producerId.length > 0 ? producerHex(batch.producerId) : undefined;
  const wanted: AnyStateKey[] = [];
  if (producer !== undefined) wanted.push(stateKeys.producer(producer));
  if (topic === undefined) return wanted;
  const { topicId } = topic;
  wanted.push(stateKeys.partition(topicId, batch.partition));
  if (producer !== undefined) {
    wanted.push(stateKeys.producerWindow(producer, topicId, batch.partition));
  }
  if (topic.topic?.settings?.dedup !== undefined) wanted.push(...Dedup.keys(topicId, heads));
  if (batch.deliverTimeUnixMs !== undefined) wanted.push(...Dedup.waitingKeys(topicId, heads));
  return wanted;
}

/** Keys that are still missing to decide a frame. */
export function frameReads(command: PublishCommand, loaded: Loaded): readonly AnyStateKey[] {
  const topics = missingKeys(loaded, keysOfTopics(command));
  if (topics.length > 0) return topics;
  const wanted: AnyStateKey[] = [];
  for (const [i, batch] of command.frame.batches.entries()) {
    const check = command.checks[i];
    if (check === undefined || check instanceof PubSubError) continue;
    wanted.push(...batchReads(batch, check, loaded));
  }
  return missingKeys(loaded, wanted);
}

/** Everything that one decision accumulates while it goes through its batches. */
class FrameDecision {
  readonly #loaded: Loaded;
  readonly #context: DecideContext;
  readonly #offsets: PartitionOffsets;
  readonly #sequences: ProducerSequences;
  readonly #dedup: Dedup;
  readonly topics: DecidedTopics;
  readonly stored: StoredBatch[] = [];
  readonly results: BatchResult[] = [];

  /** Heads of what is stored in topics that deduplicate, by topic. */
  readonly #named = new Map<number, readonly ScannedHeads[]>();
  #scheduled = 0;

  constructor(loaded: Loaded, context: DecideContext) {
    this.#loaded = loaded;
    this.#context = context;
    this.topics = new DecidedTopics(loaded, context.nowMs);
    this.#offsets = new PartitionOffsets(loaded);
    this.#sequences = new ProducerSequences(loaded);
    this.#dedup = new Dedup(loaded, context.nowMs);
  }

  add(batch: RecordBatch, check: CheckedBatch | PubSubError): void {
    try {
      if (check instanceof PubSubError) throw check;
      this.results.push(this.#store(batch, check));
    } catch (error) {
      if (!(error instanceof PubSubError) || endsStream(error)) throw error;
      this.results.push(refusedBatch(error));
    }
  }

  #store(batch: RecordBatch, check: CheckedBatch): BatchResult {
    const topic = this.#topicOf(batch.topic);
    const settings = topic.topic?.settings ?? completeTopicSettings(batch.topic, undefined);
    checkPlacement(batch, check, settings.partitions);
    const { nowMs } = this.#context;
    const scheduled = batch.deliverTimeUnixMs !== undefined && isAhead(batch, nowMs);
    const earlier = this.#sequences.check(batch, topic.topicId);
    if (earlier !== undefined) {
      const { durability } = settings;
      const originals = this.#dedup.originals({ ...earlier, topicId: topic.topicId }, check.heads);
      return repeatedBatch(batch, earlier, { originals, durability });
    }
    const refused = bitmapOf(
      batch.count,
      check.refusals.map(({ index }) => index),
    );
    const isDeduplicated = settings.dedup !== undefined;
    const { topicId } = topic;
    const next = scheduled ? 0n : this.#offsets.peek(topicId, batch.partition);
    const duplicates =
      isDeduplicated || scheduled
        ? this.#dedup.find(
            { topicId, baseOffset: next, refused, isDeduplicated, isScheduled: scheduled },
            check.heads,
          )
        : noDuplicates();
    const left = batch.count - check.refusals.length - duplicates.offsets.length;
    const result = BatchResultMessage.create({
      baseOffset: next,
      refused,
      duplicates: duplicates.bits,
      duplicateOffsets: duplicates.offsets,
      refusals: check.refusals.slice(0, 100),
      durability: settings.durability,
      scheduled,
    });
    if (left === 0) return result;
    const found = { refused, duplicates: duplicates.bits };
    const stored = {
      topicId,
      firstIndex: 0,
      ...found,
      expires: check.heads.hasField("expireTimeUnixMs"),
      deadLetters: false,
      batch: {
        ...batch,
        deliverTimeUnixMs: scheduled ? batch.deliverTimeUnixMs : undefined,
        baseOffset: next,
        appendTimeUnixMs: BigInt(nowMs),
      },
    };
    requireEntryFits("batch.stored_bytes", [stored]);
    if (isDeduplicated || scheduled) requireNamesFit([check.heads]);
    if (scheduled) this.#schedule(left);
    else this.#offsets.take(topicId, batch.partition, batch.count);
    this.#sequences.remember(batch, topicId, { baseOffset: next, scheduled, ...found });
    this.#dedup.remember(duplicates);
    this.stored.push(stored);
    if (isDeduplicated) {
      this.#named.set(topicId, [...(this.#named.get(topicId) ?? []), check.heads]);
    }
    return result;
  }

  /** Refuses all of an atomic frame that no entry holds. */
  requireOneEntry(): void {
    try {
      requireEntryFits("frame.stored_bytes", this.stored);
      const events = this.stored.reduce((sum, { batch }) => sum + (batch?.count ?? 0), 0);
      requireAtMost("frame.events", BATCH_EVENTS_MAX, events);
      for (const batches of this.#named.values()) requireNamesFit(batches);
    } catch (error) {
      const refused = refusedBatch(PubSubError.from(error));
      this.results.fill(refused);
    }
  }

  /** Counts events that wait from now on. Throws LIMIT_REACHED. */
  #schedule(events: number): void {
    const { scheduledEvents = 0 } = this.#loaded.get(stateKeys.namespace()) ?? {};
    if (scheduledEvents + this.#scheduled + events > scheduledEventsMax) {
      throw PubSubError.of(
        "LIMIT_REACHED",
        `at most ${scheduledEventsMax} events of a namespace wait for their deliver time`,
        { metadata: { field: "scheduled_events", limit: String(scheduledEventsMax) } },
      );
    }
    this.#scheduled += events;
  }

  #topicOf(name: string): TopicState {
    const existing = this.topics.find(name);
    if (existing !== undefined && !isReservedTopic(name)) return existing;
    validateClientTopicName(name);
    if (!isCreatedOnFirstUse(name)) {
      throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${name} does not exist`, {
        metadata: { topic: name },
      });
    }
    return this.topics.findOrCreate(name);
  }
}

/** Faults after which the frames that follow must not be stored, or their order would break. */
function endsStream(error: PubSubError): boolean {
  return error.retryable || error.reason === "PRODUCER_FENCED";
}

function refusedBatch(error: PubSubError): BatchResult {
  return BatchResultMessage.create({
    refusal: {
      reason: ErrorReason[error.reason],
      message: error.message,
      metadata: error.metadata,
    },
  });
}

function repeatedBatch(
  batch: RecordBatch,
  earlier: RememberedBatch,
  { originals, durability }: { originals: (index: number) => bigint; durability: Durability },
): BatchResult {
  const hadDuplicates = earlier.duplicates.length > 0 && !earlier.scheduled;
  const stored = Array.from({ length: batch.count }, (_, index) => index).filter(
    (index) => !hasBit(earlier.refused, index),
  );
  return BatchResultMessage.create({
    baseOffset: earlier.baseOffset,
    refused: earlier.refused,
    duplicates: bitmapOf(batch.count, stored),
    duplicateOffsets: hadDuplicates ? stored.map(originals) : [],
    durability,
    scheduled: earlier.scheduled,
  });
}

/** Whether a batch waits for its deliver time. Throws DEADLINE_OUT_OF_RANGE. */
function isAhead({ deliverTimeUnixMs = 0n }: RecordBatch, nowMs: number): boolean {
  const aheadMs = deliverTimeUnixMs - BigInt(nowMs);
  if (aheadMs <= BigInt(deliverAheadMsMax)) return aheadMs > 0n;
  throw PubSubError.of(
    "DEADLINE_OUT_OF_RANGE",
    `deliver_time_unix_ms may be at most ${deliverAheadMsMax} ms ahead`,
    { metadata: { field: "deliver_time_unix_ms", limit_ms: String(deliverAheadMsMax) } },
  );
}

/** Batches as they lie in one entry. */
function placedTogether(batches: readonly StoredBatch[]): StoredBatch[] {
  let firstIndex = 0;
  return batches.map((stored) => {
    const placed = { ...stored, firstIndex };
    firstIndex += stored.batch?.count ?? 0;
    return placed;
  });
}

function entriesOf(frame: FrameDecision, atomic: boolean): Entry[] {
  const published = { $case: "eventsPublished", value: {} } as const;
  if (atomic) {
    const batches = placedTogether(frame.stored);
    return batches.length === 0 ? [] : [Entry.create({ kind: published, batches })];
  }
  return frame.stored.map((stored) => ({ timeUnixMs: 0n, kind: published, batches: [stored] }));
}

function refusedInAtomicFrame(results: BatchResult[]): BatchResult[] {
  const cause = results.find((r) => r.refusal !== undefined || r.refusals.length > 0);
  const metadata = {
    field: "frame.atomic",
    rule: "another event or batch of the frame was refused",
  };
  const other = PubSubError.of("BAD_REQUEST", metadata.rule, { metadata });
  return results.map((result) =>
    result === cause || result.refusal !== undefined ? result : refusedBatch(other),
  );
}

/** A frame has one durability, the strongest of its topics, and every result says so. */
function withDurability({ topics, results }: FrameDecision): {
  readonly reply: BatchResult[];
  readonly durability: DecisionDurability;
} {
  const isOs = ({ refusal, durability }: BatchResult) =>
    refusal !== undefined || durability === Durability.OS;
  if (topics.entries.length === 0 && results.every(isOs)) {
    return { reply: results, durability: "os" };
  }
  const reply = results.map((result) =>
    result.refusal === undefined ? { ...result, durability: Durability.FSYNC } : result,
  );
  return { reply, durability: "fsync" };
}

function decidedFrame(
  loaded: Loaded,
  command: PublishCommand,
  context: DecideContext,
): FrameDecision {
  const frame = new FrameDecision(loaded, context);
  for (const [i, batch] of command.frame.batches.entries()) {
    frame.add(batch, command.checks[i] as CheckedBatch | PubSubError);
  }
  return frame;
}

/** Whether an atomic frame is refused: for one of its events, or because no entry holds it. */
function isRefusedWhole(frame: FrameDecision): boolean {
  const hasRefusal = () =>
    frame.results.some((r) => r.refusal !== undefined || r.refusals.length > 0);
  if (!hasRefusal()) frame.requireOneEntry();
  return hasRefusal();
}

function decide(
  loaded: Loaded,
  command: PublishCommand,
  context: DecideContext,
): Decision<PublishReply> {
  const { atomic } = command.frame;
  const frame = decidedFrame(loaded, command, context);
  if (atomic && isRefusedWhole(frame)) {
    return { entries: [], reply: refusedInAtomicFrame(frame.results) };
  }
  const entries = [...frame.topics.entries, ...entriesOf(frame, atomic)];
  return { entries, ...withDurability(frame) };
}

/** An atomic frame as a part of another fact. */
export interface AtomicFrame {
  /** Something was refused: nothing may be stored. */
  readonly isRefused: boolean;
  /** Topics that come into being, before the entry that holds the batches. */
  readonly created: readonly Entry[];
  /** Batches for `Entry.batches`. */
  readonly batches: readonly StoredBatch[];
  /** One a batch; what is stored is durable by fsync. */
  readonly results: BatchResult[];
}

/** Decides a frame of which all is stored or nothing. Throws what ends a publishing stream. */
export function decideAtomicFrame(
  loaded: Loaded,
  command: PublishCommand,
  context: DecideContext,
): AtomicFrame {
  const frame = decidedFrame(loaded, command, context);
  if (isRefusedWhole(frame)) {
    const results = refusedInAtomicFrame(frame.results);
    return { isRefused: true, created: [], batches: [], results };
  }
  return {
    isRefused: false,
    created: frame.topics.entries,
    batches: placedTogether(frame.stored),
    results: frame.results.map((result) => ({ ...result, durability: Durability.FSYNC })),
  };
}

/** Stores a frame: one entry a batch, or one for all of an atomic frame. */
export const publish: Operation<PublishCommand, PublishReply> = {
  name: "publish",
  reads: frameReads,
  decide,
};
