import {
  batchRefOf,
  type DeliveryFigures,
  PatternTrie,
  stateKeys,
  type UnexaminedEvents,
} from "@opendxa/pubsub-core";
import type { IndexEntry, IndexStore } from "@opendxa/pubsub-index-store";
import { type GetAccountingResponse, SequenceRef_Batch } from "@opendxa/pubsub-protocol";
import type { ActiveSubscription } from "./active-subscription.js";
import type { ExpiryGate } from "./expiry-gate.js";
import type { IndexWriter } from "./index-writer.js";
import type { ResidentSubscriptions } from "./resident-subscriptions.js";
import type { TopicTable } from "./topic-table.js";

/** What accounting works with. */
export interface AccountingParts {
  /** Batches by sequence. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** Keeps it and expiry apart until it has its view of the index. */
  readonly gate: ExpiryGate;
  /** Topics by number. */
  readonly topics: TopicTable;
}

/** Everything at one sequence, but for what was not looked at yet. */
interface CountedMoment {
  readonly sequence: bigint;
  readonly epoch: number;
  readonly figures: DeliveryFigures;
  readonly unexamined: UnexaminedEvents;
}

/** A moment with the batches of the log as they were then. */
interface OpenedCount {
  readonly moment: CountedMoment;
  readonly lines: AsyncIterator<IndexEntry>;
  readonly first: IteratorResult<IndexEntry>;
  readonly patterns: readonly string[];
}

/**
 * Where every event of a subscription is at one sequence. The moment is a decision of the loop, in
 * which everything before is journalled; what was not looked at is counted afterwards on a view of
 * the index that later entries do not touch. One count at a time: each holds a snapshot of the index.
 */
export class SubscriptionAccounting {
  readonly #parts: AccountingParts;
  readonly #resident: ResidentSubscriptions;
  #previous: Promise<unknown> = Promise.resolve();

  constructor(parts: AccountingParts, resident: ResidentSubscriptions) {
    this.#parts = parts;
    this.#resident = resident;
  }

  /** Counts. Throws SUBSCRIPTION_NOT_FOUND. */
  async of(name: string): Promise<GetAccountingResponse> {
    this.#resident.stateOf(name);
    const counting = this.#previous.then(() => this.#count(name));
    this.#previous = counting.catch(() => undefined);
    return await counting;
  }

  async #count(name: string): Promise<GetAccountingResponse> {
    const opened = await this.#resident.work(name, (active) =>
      this.#parts.gate.shared(async () => {
        const done = await this.#momentOf(name, active);
        if (done === undefined) return undefined;
        return { reply: await this.#open(done.reply, active.patterns) };
      }),
    );
    return accountingOf(opened.moment, await this.#unexamined(opened));
  }

  async #momentOf(name: string, active: ActiveSubscription) {
    return await active.work<CountedMoment>({
      decide: ({ delivery, drained, context }) => {
        const entries = drained();
        const moment = {
          sequence: context.nextSequence + BigInt(entries.length) - 1n,
          epoch: this.#resident.stateOf(name).subscription?.epoch ?? 0,
          figures: delivery.figures(),
          unexamined: delivery.unexamined(),
        };
        return { entries, reply: moment };
      },
    });
  }

  /** Takes the first step of an iteration, which fixes what it sees. Nothing expires until then. */
  async #open(moment: CountedMoment, patterns: readonly string[]): Promise<OpenedCount> {
    const { index, writer } = this.#parts;
    await writer.reached(moment.sequence);
    const scope = {
      gte: stateKeys.sequence(moment.unexamined.fromSequence, 0).name,
      lt: stateKeys.sequence(moment.sequence + 1n, 0).name,
    };
    const lines = index.iterate(scope)[Symbol.asyncIterator]();
    return { moment, patterns, lines, first: await lines.next() };
  }

  async #unexamined({ moment, patterns, lines, first }: OpenedCount): Promise<bigint> {
    const matches = this.#matcher(patterns);
    let events = 0n;
    try {
      for (let step = first; step.done !== true; step = await lines.next()) {
        const { key, value } = step.value;
        const line = SequenceRef_Batch.decode(value);
        if (!matches(line.topicId)) continue;
        events += BigInt(moment.unexamined.eventsOf(batchRefOf(sequenceOfKey(key), line)));
      }
      return events;
    } finally {
      await lines.return?.();
    }
  }

  /** By patterns of its own: the subscription may be put away while it is counted. */
  #matcher(patterns: readonly string[]): (topicId: number) => boolean {
    const trie = new PatternTrie<true>();
    for (const pattern of patterns) trie.add(pattern, true);
    const known = new Map<number, boolean>();
    return (topicId) => {
      const found = known.get(topicId);
      if (found !== undefined) return found;
      const name = this.#parts.topics.byId(topicId)?.topic?.name ?? "";
      const isMatch = trie.match(name).length > 0;
      known.set(topicId, isMatch);
      return isMatch;
    };
  }
}

function sequenceOfKey(key: string): bigint {
  return BigInt(`0x${key.slice(2, 18)}`);
}

function accountingOf(
  { sequence, epoch, figures }: CountedMoment,
  unexamined: bigint,
): GetAccountingResponse {
  const { acked, deadLettered, expired, filtered, skipped } = figures;
  const [leased, waiting] = [BigInt(figures.leased), BigInt(figures.waiting)];
  const settled = acked + deadLettered + expired + filtered + skipped;
  const entered = settled + leased + waiting + unexamined;
  const where = { acked, deadLettered, expired, filtered, skipped, leased, waiting, unexamined };
  return { sequence, epoch, entered, ...where };
}
