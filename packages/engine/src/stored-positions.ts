import {
  type Lane,
  type LanePosition,
  lanes,
  lanesOf,
  lowestOf,
  type SubscriptionLeftovers,
  stateKeys,
} from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import { CursorException, CursorState, type SubscriptionState } from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { DurableReader } from "./durable-reader.js";
import type { IndexWriter } from "./index-writer.js";

/** Where positions stand. */
export interface StoredPositionsParts {
  /** Exceptions. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** How far the journal is. */
  readonly loop: CommandLoop;
  /** Cursors. */
  readonly state: DurableReader;
}

/** What a description shows of the cursors of all lanes. */
export interface ShownPosition {
  /** Sequence of the lowest one. */
  readonly cursorSequence: bigint;
  /** Its index. */
  readonly cursorIndex: number;
  /** Events of the epoch that expired, in all lanes. */
  readonly expired: bigint;
}

/** Positions of subscriptions as the projection holds them. */
export class StoredPositions {
  readonly #parts: StoredPositionsParts;

  constructor(parts: StoredPositionsParts) {
    this.#parts = parts;
  }

  /** Where a subscription stands; nothing of it may be resident that is not journalled. */
  async lanes(state: SubscriptionState): Promise<LanePosition[]> {
    const { subscriptionId } = state;
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
    const positions: LanePosition[] = [];
    for (const { lane, cursor } of await this.#cursors(state)) {
      positions.push({ lane, cursor, exceptions: await this.#exceptions(subscriptionId, lane) });
    }
    return positions;
  }

  /** What descriptions show, in the order of the subscriptions. */
  async shown(states: readonly SubscriptionState[]): Promise<ShownPosition[]> {
    const byState = states.map((state) =>
      lanesOf(state).map((lane) => stateKeys.cursor(state.subscriptionId, lane)),
    );
    const cursors = await this.#parts.state.read(byState.flat());
    let at = 0;
    return byState.map((keys) => {
      const own = cursors.slice(at, at + keys.length).map((cursor) => CursorState.create(cursor));
      at += keys.length;
      return shownOf(own);
    });
  }

  /** What lies about a subscription under keys of its own. */
  async exceptionSequences(
    subscriptionId: number,
  ): Promise<SubscriptionLeftovers["exceptionSequences"]> {
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
    const found = new Map<Lane, bigint[]>();
    for (const lane of lanes) {
      const exceptions = await this.#exceptions(subscriptionId, lane);
      found.set(lane, [...exceptions.keys()]);
    }
    return found;
  }

  async #cursors(state: SubscriptionState) {
    const order = lanesOf(state);
    const keys = order.map((lane) => stateKeys.cursor(state.subscriptionId, lane));
    const cursors = await this.#parts.state.read(keys);
    return order.map((lane, i) => ({ lane, cursor: CursorState.create(cursors[i]) }));
  }

  async #exceptions(subscriptionId: number, lane: Lane): Promise<Map<bigint, CursorException>> {
    const prefix = stateKeys.cursorException(subscriptionId, 0n, lane).name.slice(0, -16);
    const found = new Map<bigint, CursorException>();
    for await (const { key, value } of this.#parts.index.iterate(prefixScope(prefix))) {
      found.set(BigInt(`0x${key.slice(prefix.length)}`), CursorException.decode(value));
    }
    return found;
  }
}

function shownOf(cursors: readonly CursorState[]): ShownPosition {
  const lowest = lowestOf(cursors);
  return {
    cursorSequence: lowest.sequence,
    cursorIndex: lowest.index,
    expired: cursors.reduce((sum, { expired }) => sum + expired, 0n),
  };
}
