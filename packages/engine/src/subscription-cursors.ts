import { PatternTrie } from "@opendxa/pubsub-core";
import type { Entry, SubscriptionState } from "@opendxa/pubsub-protocol";
import { concernedTopicsCachedMax } from "./limits.js";

/**
 * How far every subscription is, resident, with or without consumers: who may still be behind a
 * batch is asked for each one that expires. A cursor here may lie behind the projected one.
 */
export class SubscriptionCursors {
  readonly #cursors = new Map<number, bigint>();
  readonly #patterns = new Map<number, readonly string[]>();
  readonly #trie = new PatternTrie<number>(concernedTopicsCachedMax);

  /** Adds a subscription with the sequence of its cursor. */
  add({ subscriptionId, subscription }: SubscriptionState, sequence: bigint): void {
    const patterns = subscription?.settings?.patterns ?? [];
    this.#cursors.set(subscriptionId, sequence);
    this.#patterns.set(subscriptionId, patterns);
    for (const pattern of patterns) this.#trie.add(pattern, subscriptionId);
  }

  /** Takes a durable entry. */
  follow({ kind }: Entry): void {
    switch (kind?.$case) {
      case "subscriptionCreated": {
        const state = kind.value.subscription;
        if (state !== undefined) this.add(state, state.subscription?.cursorSequence ?? 0n);
        break;
      }
      case "subscriptionDeleted":
        this.#remove(kind.value.subscriptionId);
        break;
      case "eventsSettled": {
        const { subscriptionId, cursorSequence } = kind.value;
        if (this.#cursors.has(subscriptionId)) this.#cursors.set(subscriptionId, cursorSequence);
        break;
      }
      default:
        // Every other kind moves no cursor.
        break;
    }
  }

  /** Numbers of the subscriptions that match a topic and have not passed a sequence. */
  behind(topic: string, sequence: bigint): number[] {
    const matching = this.#trie.match(topic);
    return matching.filter((id) => (this.#cursors.get(id) ?? 0n) <= sequence);
  }

  #remove(subscriptionId: number): void {
    this.#cursors.delete(subscriptionId);
    for (const pattern of this.#patterns.get(subscriptionId) ?? []) {
      this.#trie.remove(pattern, subscriptionId);
    }
    this.#patterns.delete(subscriptionId);
  }
}
