import {
  type BatchRef,
  batchRefOf,
  type ConcernedSubscriptions,
  LeaseTokens,
  PatternTrie,
} from "@opendxa/pubsub-core";
import { PubSubError, type SubscriptionState } from "@opendxa/pubsub-protocol";
import { ActiveSubscription } from "./active-subscription.js";
import type { AppliedEntry } from "./command-loop.js";
import type { DispatchParts } from "./dispatch-parts.js";
import { restoredDelivery } from "./resident-delivery.js";
import type { StoredPositions } from "./stored-positions.js";
import type { SubscriptionCursors } from "./subscription-cursors.js";
import type { SubscriptionTable } from "./subscription-table.js";
import type { TopicTable } from "./topic-table.js";

/** What `ActiveSubscription.work` answers: `undefined` when the resident state was retired before. */
export type WorkDone<T> = Promise<{ readonly reply: T } | undefined>;

/** What it needs beside what dispatch needs. */
export interface ResidentParts extends DispatchParts {
  /** Topics by number. */
  readonly topics: TopicTable;
  /** All subscriptions. */
  readonly table: SubscriptionTable;
  /** How far all of them are. */
  readonly cursors: SubscriptionCursors;
  /** Where all of them stand. */
  readonly positions: StoredPositions;
  /** Number of this start, part of every lease. */
  readonly startNumber: number;
}

/**
 * Subscriptions that somebody uses: takes them up, feeds them with what becomes durable and puts
 * them away. `quiet` keeps one of them as it is while it is changed at its root.
 */
export class ResidentSubscriptions {
  readonly #parts: ResidentParts;
  readonly #active = new Map<string, Promise<ActiveSubscription>>();
  readonly #running = new Map<string, ActiveSubscription>();
  readonly #quiet = new Map<string, Promise<void>>();
  readonly #trie = new PatternTrie<ActiveSubscription>();
  readonly #touched = new Set<ActiveSubscription>();
  readonly #tokens: LeaseTokens;
  #isFlushing = false;
  #ended: Error | undefined;

  constructor(parts: ResidentParts) {
    this.#parts = parts;
    this.#tokens = new LeaseTokens(parts.startNumber);
  }

  /** The highest token of any lease so far. */
  get newestToken(): bigint {
    return this.#tokens.newest;
  }

  /** A subscription that exists. Throws SUBSCRIPTION_NOT_FOUND. */
  stateOf(name: string): SubscriptionState {
    const state = this.#parts.table.get(name);
    if (state !== undefined) return state;
    throw PubSubError.of("SUBSCRIPTION_NOT_FOUND", `subscription ${name} does not exist`, {
      metadata: { subscription: name },
    });
  }

  /** The resident state of a subscription, if there is one. */
  running(name: string): ActiveSubscription | undefined {
    return this.#running.get(name);
  }

  /** Takes a subscription up and calls `use` before anybody can put it away. */
  async use<T>(name: string, use: (active: ActiveSubscription) => T): Promise<T> {
    let active = await this.#activate(name);
    // The last consumer may have left, and its subscription been put away, while this one waited.
    while (this.#running.get(name) !== active) active = await this.#activate(name);
    return use(active);
  }

  /** Nobody takes a subscription up while `run` runs, and no other `quiet` of it runs. */
  async quiet<T>(name: string, run: () => Promise<T>): Promise<T> {
    while (this.#quiet.has(name)) await this.#quiet.get(name);
    let end: () => void = () => undefined;
    this.#quiet.set(
      name,
      new Promise((resolve) => {
        end = resolve;
      }),
    );
    try {
      // What fails to be taken up is nobody's to report here: its own caller hears of it.
      await this.#active.get(name)?.catch(() => undefined);
      return await run();
    } finally {
      this.#quiet.delete(name);
      end();
    }
  }

  /** Ends all consumers of a subscription and puts it away; only within `quiet`. */
  async end(name: string, error: Error): Promise<void> {
    await this.#endBy(name, (active) => active.retire(error));
  }

  /** The same before a seek, which ends the leases without an attempt. */
  async endEpoch(name: string, error: Error): Promise<void> {
    await this.#endBy(name, (active) => active.retireWithEpoch(error));
  }

  async #endBy(name: string, retire: (active: ActiveSubscription) => void): Promise<void> {
    const active = this.#running.get(name);
    if (active === undefined) return;
    retire(active);
    await active.settled();
    this.#drop(active);
  }

  /**
   * Works on a subscription, which is taken up for it, and answers when that is durable. Throws
   * SUBSCRIPTION_NOT_FOUND.
   */
  async work<T>(name: string, run: (active: ActiveSubscription) => WorkDone<T>): Promise<T> {
    for (;;) {
      if (this.#ended !== undefined) throw this.#ended;
      this.stateOf(name);
      const { active, working } = await this.use(name, (used) => ({
        active: used,
        working: run(used),
      }));
      try {
        const done = await working;
        if (done !== undefined) return done.reply;
      } finally {
        this.dropWhenIdle(active);
      }
    }
  }

  /** Puts a subscription away when nobody uses it any more and all is journalled. */
  dropWhenIdle(active: ActiveSubscription): void {
    const drop = async (): Promise<void> => {
      await active.settled();
      if (active.isIdle && this.#running.get(active.name) === active) this.#drop(active);
    };
    void drop();
  }

  /** Takes an entry that became durable: offers its batches, follows what changes subscriptions. */
  onDurable({ sequence, entry }: AppliedEntry): void {
    const { kind } = entry;
    if (kind?.$case === "eventsExpired") this.#touchMatching(kind.value.topicId);
    if (kind?.$case === "subscriptionUpdated" && kind.value.subscription !== undefined) {
      const state = kind.value.subscription;
      this.#running.get(state.subscription?.name ?? "")?.follow(state);
    }
    const ref = this.#parts.recent.refOf(sequence);
    for (const batch of ref?.batches ?? []) {
      const topic = this.#parts.topics.byId(batch.topicId)?.topic?.name;
      if (topic === undefined) continue;
      for (const active of this.#trie.match(topic)) {
        active.offerLive(batchRefOf(sequence, batch));
        this.#touch(active);
      }
    }
  }

  /**
   * Who has not passed all entries up to the last of some batches, ascending, and matches their topic. Nobody is taken up while
   * batches expire, so each subscription is either resident or not.
   */
  concernedBy(topic: string, refs: readonly BatchRef[]): ConcernedSubscriptions {
    const resident = this.#trie.match(topic).map(({ name, delivery }) => ({
      subscriptionId: this.stateOf(name).subscriptionId,
      delivery,
    }));
    const ids = new Set(resident.map(({ subscriptionId }) => subscriptionId));
    const lanes = new Set(refs.map(({ lane }) => lane));
    const newest = refs.at(-1)?.sequence ?? 0n;
    const named = this.#parts.cursors.behind(topic, newest, lanes);
    const behind = named.filter((id) => !ids.has(id));
    const idle = behind.map((subscriptionId) => ({
      subscriptionId,
      partitionStarts: this.#parts.table.byId(subscriptionId)?.partitionStarts ?? [],
    }));
    return { resident, idle };
  }

  /** Ends all consumers and resolves when their leases' ends are journalled. */
  async close(error: Error): Promise<void> {
    this.#ended = error;
    const all = [...this.#running.values()];
    for (const active of all) active.retire(error);
    await Promise.all(all.map((active) => active.settled()));
    for (const active of all) active.stop();
  }

  async #activate(name: string): Promise<ActiveSubscription> {
    while (this.#quiet.has(name)) await this.#quiet.get(name);
    const existing = this.#active.get(name);
    if (existing !== undefined) return existing;
    const active = this.#parts.gate.shared(() => this.#restore(name));
    this.#active.set(name, active);
    active.catch(() => this.#active.delete(name));
    return active;
  }

  async #restore(name: string): Promise<ActiveSubscription> {
    const state = this.stateOf(name);
    const delivery = restoredDelivery(
      state,
      await this.#parts.positions.lanes(state),
      this.#tokens,
    );
    const patterns = state.subscription?.settings?.patterns ?? [];
    const matched = new Map<number, boolean>();
    const active: ActiveSubscription = new ActiveSubscription(
      {
        name,
        patterns,
        delivery,
        matches: (topicId) => {
          const known = matched.get(topicId);
          if (known !== undefined) return known;
          const topic = this.#parts.topics.byId(topicId)?.topic?.name ?? "";
          const isMatch = this.#trie.match(topic).includes(active);
          matched.set(topicId, isMatch);
          return isMatch;
        },
        onIdle: () => this.dropWhenIdle(active),
      },
      this.#parts,
    );
    for (const pattern of patterns) this.#trie.add(pattern, active);
    this.#running.set(name, active);
    // It may have been paused while it was taken up.
    active.follow(this.#parts.table.get(name) ?? state);
    return active;
  }

  #drop(active: ActiveSubscription): void {
    active.stop();
    this.#running.delete(active.name);
    this.#active.delete(active.name);
    for (const pattern of active.patterns) this.#trie.remove(pattern, active);
  }

  /** Expired events were leased perhaps: their consumers have room again. */
  #touchMatching(topicId: number): void {
    const topic = this.#parts.topics.byId(topicId)?.topic?.name;
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
}
