import { type Lane, laneOf, lanesOf, PatternTrie } from "@opendxa/pubsub-core";
import {
  type Entry,
  type EventsSettled,
  Priority,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import { concernedTopicsCachedMax } from "./limits.js";

/**
 * How far every subscription is, resident, with or without consumers: who may still be behind a
 * batch is asked for each one that expires. A cursor here may lie behind the projected one.
 */
export class SubscriptionCursors {
  readonly #cursors = new Map<number, Map<Lane, bigint>>();
  readonly #patterns = new Map<number, readonly string[]>();
  readonly #trie = new PatternTrie<number>(concernedTopicsCachedMax);

  /** Adds a subscription with the sequences of its cursors. */
  add(
    { subscriptionId, subscription }: SubscriptionState,
    sequences: ReadonlyMap<Lane, bigint>,
  ): void {
    const patterns = subscription?.settings?.patterns ?? [];
    this.#cursors.set(subscriptionId, new Map(sequences));
    this.#patterns.set(subscriptionId, patterns);
    for (const pattern of patterns) this.#trie.add(pattern, subscriptionId);
  }

  /** Takes a durable entry. */
  follow({ kind }: Entry): void {
    switch (kind?.$case) {
      case "subscriptionCreated": {
        const state = kind.value.subscription;
        if (state === undefined) break;
        const sequence = state.subscription?.cursorSequence ?? 0n;
        this.add(state, new Map(lanesOf(state).map((lane) => [lane, sequence])));
        break;
      }
      case "subscriptionSought": {
        const { subscription, cursors } = kind.value;
        const own = this.#cursors.get(subscription?.subscriptionId ?? 0);
        for (const { lane, cursor } of cursors) own?.set(laneOf(lane), cursor?.sequence ?? 0n);
        break;
      }
      case "subscriptionDeleted":
        this.#remove(kind.value.subscriptionId);
        break;
      case "eventsSettled":
        this.#settled(kind.value);
        break;
      default:
        // Every other kind moves no cursor.
        break;
    }
  }

  /**
   * Numbers of the subscriptions that match a topic and have not passed a sequence in one of the
   * lanes; a subscription that has no such lane counts its batches in its only one.
   */
  behind(topic: string, sequence: bigint, lanes: ReadonlySet<Lane>): number[] {
    const matching = this.#trie.match(topic);
    return matching.filter((id) => {
      const own = this.#cursors.get(id);
      if (own === undefined || own.size === 0) return true;
      for (const lane of lanes) {
        const cursor = own.get(lane) ?? own.get(Priority.NORMAL);
        if (cursor === undefined || cursor <= sequence) return true;
      }
      return false;
    });
  }

  #settled({ subscriptionId, lane, cursorSequence, otherLanes }: EventsSettled): void {
    this.#cursors.get(subscriptionId)?.set(laneOf(lane), cursorSequence);
    for (const other of otherLanes) this.#settled({ ...other, subscriptionId, otherLanes: [] });
  }

  #remove(subscriptionId: number): void {
    this.#cursors.delete(subscriptionId);
    for (const pattern of this.#patterns.get(subscriptionId) ?? []) {
      this.#trie.remove(pattern, subscriptionId);
    }
    this.#patterns.delete(subscriptionId);
  }
}
