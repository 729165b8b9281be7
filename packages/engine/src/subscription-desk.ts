import {
  type AckAndPublishReply,
  type BatchRef,
  type BlockedKeyView,
  batchRefOf,
  blockedKeysPageMax,
  decideAckAndPublish,
  frameReads,
  type KeyName,
  missingKeys,
  type PublishCommand,
  stateKeys,
} from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  type BlockedKey,
  badRequest,
  type ListBlockedKeysRequest,
  type ListBlockedKeysResponse,
  type PositionRanges,
  PubSubError,
  type ReleaseKeyRequest,
  SequenceRef_Batch,
  type SkipEventsRequest,
} from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { IndexWriter } from "./index-writer.js";
import { entryBatchesMax } from "./limits.js";
import { pageSizeOf } from "./page.js";
import type { ResidentSubscriptions } from "./resident-subscriptions.js";
import type { TopicTable } from "./topic-table.js";

/** What the desk works with. */
export interface SubscriptionDeskParts {
  /** Batches by sequence. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** How far the journal is. */
  readonly loop: CommandLoop;
  /** Topics. */
  readonly topics: TopicTable;
}

/** What is settled and stored in one entry. */
export interface AckAndPublish {
  /** Name of the subscription. */
  readonly subscription: string;
  /** What to ack. */
  readonly acks: readonly PositionRanges[];
  /** What to store. */
  readonly publish: PublishCommand;
  /** Bytes of it. */
  readonly bytes: number;
}

/** Settles events of a subscription other than through a consumer's stream, and unblocks its keys. */
export class SubscriptionDesk {
  readonly #parts: SubscriptionDeskParts;
  readonly #resident: ResidentSubscriptions;

  constructor(parts: SubscriptionDeskParts, resident: ResidentSubscriptions) {
    this.#parts = parts;
    this.#resident = resident;
  }

  /** Settles leased events and stores others in one entry, or does nothing. */
  async ackAndPublish(asked: AckAndPublish): Promise<AckAndPublishReply> {
    const { subscription, publish, bytes } = asked;
    return await this.#resident.work(subscription, (active) =>
      active.work({
        bytes,
        reads: (loaded) => frameReads(publish, loaded),
        decide: ({ loaded, context, ...resident }) =>
          decideAckAndPublish(loaded, asked, resident, context),
      }),
    );
  }

  /** Settles events as skipped and answers their number. Throws EVENT_NOT_FOUND and BAD_REQUEST. */
  async skip(request: SkipEventsRequest): Promise<number> {
    const { subscription, sequence, firstIndex: first, lastIndex: last } = request;
    this.#resident.stateOf(subscription);
    if (first > last) throw badRequest("last_index", "must be at least first_index");
    const batches = await this.#batchesOf(sequence);
    return await this.#resident.work(subscription, (active) => {
      const matching = batches.filter(({ topicId, firstIndex, count }) => {
        const isNamed = firstIndex <= last && first < firstIndex + count;
        return isNamed && active.matches(topicId);
      });
      const placeOf = (ref: BatchRef) => stateKeys.partition(ref.topicId, ref.partition);
      return active.work({
        reads: (loaded) => missingKeys(loaded, matching.map(placeOf)),
        decide: ({ delivery, drained, loaded }) => {
          // Who asks for what left meanwhile is told, and what expired is not counted again.
          const stored = matching.filter(
            (ref) => ref.baseOffset >= (loaded.get(placeOf(ref))?.firstOffset ?? 0n),
          );
          if (stored.length === 0) throw notFound(request);
          const skipped = delivery.operator.skip(stored, { first, last });
          return { entries: drained(), reply: skipped };
        },
      });
    });
  }

  /** Lets a blocked key be tried again now. Throws EVENT_NOT_FOUND. */
  async release({ subscription, orderingKey, topic }: ReleaseKeyRequest): Promise<void> {
    const topicId = topic === "" ? undefined : this.#topicId(topic);
    await this.#resident.work(subscription, (active) =>
      active.work({
        isCaughtUp: true,
        decide: ({ delivery, drained, context }) => {
          if (delivery.operator.release(orderingKey, topicId, context.nowMs) > 0) {
            return { entries: drained(), reply: undefined };
          }
          const text = `no event of key ${orderingKey} blocks the later ones`;
          throw PubSubError.of("EVENT_NOT_FOUND", text, {
            metadata: { ordering_key: orderingKey },
          });
        },
      }),
    );
  }

  /** A page of the keys that stand still, in the order of their bytes. */
  async blockedKeys(request: ListBlockedKeysRequest): Promise<ListBlockedKeysResponse> {
    const limit = Math.min(pageSizeOf(request.pageSize), blockedKeysPageMax);
    const after = request.pageToken === "" ? undefined : nameOfToken(request.pageToken);
    const page = await this.#resident.work(request.subscription, (active) =>
      active.work({
        isCaughtUp: true,
        decide: ({ delivery }) => ({
          entries: [],
          reply: delivery.operator.blockedKeys(after, limit),
        }),
      }),
    );
    const last = page.length === limit ? page.at(-1) : undefined;
    return {
      keys: page.map((view) => this.#shown(view)),
      nextPageToken: last === undefined ? "" : tokenOf(last),
    };
  }

  /** Batches that an entry made part of the log. */
  async #batchesOf(sequence: bigint): Promise<BatchRef[]> {
    const { index, writer, loop } = this.#parts;
    if (sequence > loop.durableSequence) return [];
    await writer.reached(sequence);
    const lines = await index.scan({
      gte: stateKeys.sequence(sequence, 0).name,
      lt: stateKeys.sequence(sequence + 1n, 0).name,
      limit: entryBatchesMax,
    });
    return lines.map(({ value }) => batchRefOf(sequence, SequenceRef_Batch.decode(value)));
  }

  #topicId(name: string): number {
    const state = this.#parts.topics.byName(name);
    if (state !== undefined) return state.topicId;
    throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${name} does not exist`, {
      metadata: { topic: name },
    });
  }

  #shown({ key, topicId, dueMs, ...view }: BlockedKeyView): BlockedKey {
    return {
      ...view,
      orderingKey: key,
      topic: this.#parts.topics.byId(topicId)?.topic?.name ?? "",
      dueTimeUnixMs: BigInt(dueMs),
    };
  }
}

function notFound({ sequence, firstIndex }: SkipEventsRequest): PubSubError {
  const text = `no event of the subscription is stored at ${sequence}/${firstIndex} or behind it`;
  return PubSubError.of("EVENT_NOT_FOUND", text, { metadata: { sequence, index: firstIndex } });
}

/** A key as a page token: keys that are blocked later and lie before it do not shift the pages. */
function tokenOf({ key, topicId, partition }: KeyName): string {
  return Buffer.from(JSON.stringify([key, topicId, partition])).toString("base64url");
}

function nameOfToken(token: string): KeyName {
  const refused = badRequest("page_token", "must be the next_page_token of the page before");
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    throw refused;
  }
  if (!Array.isArray(parts)) throw refused;
  const [key, topicId, partition] = parts as unknown[];
  if (typeof key !== "string" || typeof topicId !== "number" || typeof partition !== "number") {
    throw refused;
  }
  return { key, topicId, partition };
}
