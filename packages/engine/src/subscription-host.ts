import {
  type ConcernedSubscriptions,
  createSubscription,
  deleteSubscription,
  LeaseTokens,
  PatternTrie,
  SubscriptionDelivery,
  stateKeys,
} from "@opendxa/pubsub-core";
import { prefixScope } from "@opendxa/pubsub-index-store";
import {
  CursorException,
  CursorState,
  PubSubError,
  type SubscribeOpen,
  type Subscription,
  type SubscriptionSettings,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import { ActiveSubscription, type DispatchParts } from "./active-subscription.js";
import type { AppliedEntry } from "./command-loop.js";
import type { DurableReader } from "./durable-reader.js";
import type { Consumer, ConsumerSink, Created } from "./engine-api.js";
import { openStreamsMax } from "./limits.js";
import type { SubscriptionCursors } from "./subscription-cursors.js";
import type { TopicTable } from "./topic-table.js";

/** What the host needs beside what dispatch needs. */
export interface SubscriptionHostParts extends DispatchParts {
  /** State that is durable. */
  readonly state: DurableReader;
  /** Topics by number. */
  readonly topics: TopicTable;
  /** Number of this start, part of every lease. */
  readonly startNumber: number;
}

/** Subscriptions of the namespace: all by name, those with consumers active. */
export class SubscriptionHost {
  readonly #parts: SubscriptionHostParts;
  readonly #states = new Map<string, SubscriptionState>();
  readonly #active = new Map<string, Promise<ActiveSubscription>>();
  readonly #running = new Map<string, ActiveSubscription>();
  readonly #trie = new PatternTrie<ActiveSubscription>();
  readonly #touched = new Set<ActiveSubscription>();
  readonly #cursors: SubscriptionCursors;
  readonly #tokens: LeaseTokens;
  #nextConsumer = 1n;
  #consumers = 0;
  #isFlushing = false;

  constructor(
    parts: SubscriptionHostParts,
    states: Iterable<SubscriptionState>,
    cursors: SubscriptionCursors,
  ) {
    this.#parts = parts;
    this.#cursors = cursors;
    this.#tokens = new LeaseTokens(parts.startNumber);
    for (const state of states) this.#states.set(state.subscription?.name ?? "", state);
  }

  /** Number of subscriptions. */
  get size(): number {
    return this.#states.size;
  }

  /** Consumers joined now. */
  get consumers(): number {
    return this.#consumers;
  }

  /** Names in order, those after `after`. */
  namesAfter(after: string): string[] {
    return [...this.#states.keys()].filter((name) => after === "" || name > after).sort();
  }

  /** Creates a subscription or answers the existing one. */
  async create(name: string, settings: SubscriptionSettings): Promise<Created<Subscription>> {
    const reply = await this.#parts.loop.run(createSubscription, { name, settings });
    return { value: await this.get(name), existed: reply.existed };
  }

  /** A subscription as it stands. Throws SUBSCRIPTION_NOT_FOUND. */
  async get(name: string): Promise<Subscription> {
    const state = this.#stateOf(name);
    const [cursor = CursorState.create()] = await this.#parts.state.read([
      stateKeys.cursor(state.subscriptionId),
    ]);
    return {
      ...(state.subscription as Subscription),
      cursorSequence: cursor.sequence,
      cursorIndex: cursor.index,
      expired: cursor.expired,
      consumers: this.#running.get(name)?.consumers ?? 0,
    };
  }

  /** Deletes a subscription and ends its consumers. */
  async delete(name: string): Promise<void> {
    this.#stateOf(name);
    const active = this.#running.get(name);
    active?.endAll(
      PubSubError.of("SUBSCRIPTION_DELETED", `subscription ${name} was deleted`, {
        metadata: { subscription: name },
      }),
    );
    await active?.settled();
    const { subscriptionId } = this.#stateOf(name);
    const exceptions = await this.#exceptions(subscriptionId);
    const exceptionSequences = [...exceptions.keys()];
    await this.#parts.loop.run(deleteSubscription, { name, exceptionSequences });
  }

  /** Joins a consumer. */
  async join(open: SubscribeOpen, sink: ConsumerSink): Promise<Consumer> {
    if (open.subscription === "") {
      throw PubSubError.of("NOT_SERVED_YET", "ephemeral subscriptions are not served yet", {
        metadata: { field: "open.subscription", part: "3" },
      });
    }
    if (this.#consumers >= openStreamsMax) {
      throw PubSubError.of("LIMIT_REACHED", `at most ${openStreamsMax} consumers`, {
        metadata: { field: "consumers", limit: openStreamsMax },
      });
    }
    const { subscription: name, settings } = open;
    if (settings !== undefined) await this.create(name, settings);
    const subscription = await this.get(name);
    let active = await this.#activate(name);
    // The last consumer may have left, and its subscription been put away, while this one waited.
    while (this.#running.get(name) !== active) active = await this.#activate(name);
    const joined = active;
    const id = this.#nextConsumer++;
    const credit = open.credit ?? { bytes: 0n, events: 0 };
    joined.join(id, credit, sink);
    this.#consumers++;
    let isOpen = true;
    return {
      id,
      subscription: { ...subscription, consumers: joined.consumers },
      credit: (more) => joined.credit(id, more),
      settle: (settlement) => joined.settle(id, settlement),
      resume: () => joined.resume(id),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#consumers--;
        joined.leave(id);
        this.#deactivateWhenIdle(joined);
      },
    };
  }

  /** Takes an entry that became durable: offers its batches, follows created and deleted ones. */
  onDurable({ sequence, entry }: AppliedEntry): void {
    this.#cursors.follow(entry);
    if (entry.kind?.$case === "eventsExpired") this.#touchMatching(entry.kind.value.topicId);
    if (entry.kind?.$case === "subscriptionCreated") {
      const state = entry.kind.value.subscription;
      if (state !== undefined) this.#states.set(state.subscription?.name ?? "", state);
    }
    if (entry.kind?.$case === "subscriptionDeleted") {
      const { name } = entry.kind.value;
      this.#states.delete(name);
      const active = this.#running.get(name);
      if (active !== undefined) this.#drop(active);
    }
    const ref = this.#parts.recent.refOf(sequence);
    for (const batch of ref?.batches ?? []) {
      const topic = this.#parts.topics.nameOf(batch.topicId);
      if (topic === undefined) continue;
      for (const active of this.#trie.match(topic)) {
        active.offerLive({ sequence, ...batch });
        this.#touch(active);
      }
    }
  }

  /**
   * Who has not passed all entries up to a sequence and matches the topic. Nobody is taken up while
   * batches expire, so each subscription is either resident or not.
   */
  concernedBy(topic: string, sequence: bigint): ConcernedSubscriptions {
    const resident = this.#trie.match(topic).map(({ name, delivery }) => ({
      subscriptionId: this.#stateOf(name).subscriptionId,
      delivery,
    }));
    const ids = new Set(resident.map(({ subscriptionId }) => subscriptionId));
    const idle = this.#cursors.behind(topic, sequence).filter((id) => !ids.has(id));
    return { resident, idle };
  }

  /** Ends all consumers and resolves when their leases' ends are journalled. */
  async close(error: Error): Promise<void> {
    const all = [...this.#running.values()];
    for (const active of all) active.endAll(error);
    await Promise.all(all.map((active) => active.settled()));
    for (const active of all) active.stop();
  }

  /** Expired events were leased perhaps: their consumers have room again. */
  #touchMatching(topicId: number): void {
    const topic = this.#parts.topics.nameOf(topicId);
    if (topic === undefined) return;
    for (const active of this.#trie.match(topic)) this.#touch(active);
  }

  #touch(active: ActiveSubscription): void {
    this.#touched.add(active);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      const touched = [...this.#touched];
      this.#touched.clear();
      for (const each of touched) each.pump();
    });
  }

  #stateOf(name: string): SubscriptionState {
    const state = this.#states.get(name);
    if (state !== undefined) return state;
    throw PubSubError.of("SUBSCRIPTION_NOT_FOUND", `subscription ${name} does not exist`, {
      metadata: { subscription: name },
    });
  }

  #activate(name: string): Promise<ActiveSubscription> {
    const existing = this.#active.get(name);
    if (existing !== undefined) return existing;
    const active = this.#parts.gate.shared(() => this.#restore(name));
    this.#active.set(name, active);
    active.catch(() => this.#active.delete(name));
    return active;
  }

  async #restore(name: string): Promise<ActiveSubscription> {
    const { subscriptionId, subscription } = this.#stateOf(name);
    const { settings, epoch } = subscription as Subscription;
    const exceptions = await this.#exceptions(subscriptionId);
    const [cursor = CursorState.create()] = await this.#parts.state.read([
      stateKeys.cursor(subscriptionId),
    ]);
    const { topics } = this.#parts;
    const delivery = SubscriptionDelivery.restore({
      subscriptionId,
      epoch,
      settings: {
        ackDeadlineMs: settings?.ackDeadlineMs ?? 0,
        retry: { minMs: settings?.retry?.minMs ?? 0, maxMs: settings?.retry?.maxMs ?? 0 },
      },
      cursor,
      exceptions,
      tokens: this.#tokens,
    });
    const patterns = settings?.patterns ?? [];
    const matched = new Map<number, boolean>();
    const active: ActiveSubscription = new ActiveSubscription(
      {
        name,
        patterns,
        delivery,
        matches: (topicId) => {
          const known = matched.get(topicId);
          if (known !== undefined) return known;
          const topic = topics.nameOf(topicId) ?? "";
          const isMatch = this.#trie.match(topic).includes(active);
          matched.set(topicId, isMatch);
          return isMatch;
        },
      },
      this.#parts,
    );
    for (const pattern of patterns) this.#trie.add(pattern, active);
    this.#running.set(name, active);
    return active;
  }

  async #exceptions(subscriptionId: number): Promise<Map<bigint, CursorException>> {
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
    const prefix = stateKeys.cursorException(subscriptionId, 0n).name.slice(0, -16);
    const found = new Map<bigint, CursorException>();
    for await (const { key, value } of this.#parts.index.iterate(prefixScope(prefix))) {
      found.set(BigInt(`0x${key.slice(prefix.length)}`), CursorException.decode(value));
    }
    return found;
  }

  #deactivateWhenIdle(active: ActiveSubscription): void {
    const drop = async (): Promise<void> => {
      await active.settled();
      if (active.consumers === 0 && this.#running.get(active.name) === active) this.#drop(active);
    };
    void drop();
  }

  #drop(active: ActiveSubscription): void {
    active.stop();
    this.#running.delete(active.name);
    this.#active.delete(active.name);
    for (const pattern of active.patterns) this.#trie.remove(pattern, active);
  }
}
