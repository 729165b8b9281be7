import { type BatchRef, batchLineOf, batchRefOf, type Lane, laneOf } from "@opendxa/pubsub-core";
import {
  DeliveryOrder,
  type Entry,
  type EventRange,
  type EventsSettled,
  type ExpiredBatch,
  Priority,
  RemovalCause,
  type SequenceRef_Batch,
  type SubscriptionState,
  TopicPattern,
} from "@opendxa/pubsub-protocol";
import { expect } from "vitest";

/** Where an event of a subscription's epoch is. */
export type Fate = "open" | "acked" | "deadLettered" | "expired" | "skipped";

/** Where a test asked a subscription to be moved. */
export type Move =
  | { readonly to: "sequence"; readonly sequence: bigint }
  | { readonly to: "time"; readonly timeMs: bigint }
  | { readonly to: "latest" }
  | { readonly to: "snapshot"; readonly snapshot: string }
  | { readonly to: "offset"; readonly topicId: number; readonly offset: bigint };

/** An event of the log. */
export interface LoggedEvent {
  readonly sequence: bigint;
  readonly index: number;
  readonly timeMs: bigint;
  readonly topicId: number;
  readonly offset: bigint;
  readonly lane: Lane;
  /** Number of its batch among all. */
  readonly batch: BatchRef;
  isGone: boolean;
}

interface Follower {
  readonly state: SubscriptionState;
  readonly fates: Map<LoggedEvent, Fate>;
}

const fateOfCause = new Map<RemovalCause, Fate>([
  [RemovalCause.EXPIRED, "expired"],
  [RemovalCause.DEAD_LETTERED, "deadLettered"],
  [RemovalCause.SKIPPED, "skipped"],
]);

function isIn({ sequence, index }: LoggedEvent, range: EventRange): boolean {
  return sequence === range.sequence && range.first <= index && index <= range.last;
}

/** The moves that a life asked for, by the epoch that they begin. */
export class Moves {
  readonly #moves = new Map<string, Move>();

  ask(name: string, epoch: number, move: Move): void {
    this.#moves.set(`${name}/${epoch}`, move);
  }

  of({ subscription }: SubscriptionState): Move {
    const move = this.#moves.get(`${subscription?.name}/${subscription?.epoch}`);
    if (move === undefined) throw new Error("nobody asked for this move");
    return move;
  }
}

/**
 * Every event of the log and what each subscription made of it, one by one, as the entries of a journal
 * say: it reads no count, no cursor but to ack what lies before it, and no exception.
 */
export class EventLedger {
  readonly log: LoggedEvent[] = [];
  readonly #topics = new Map<number, string>();
  readonly #followers = new Map<number, Follower>();
  readonly #snapshots = new Map<string, { open: Set<LoggedEvent>; logged: number }>();
  readonly #moves: Moves;

  constructor(moves: Moves) {
    this.#moves = moves;
  }

  /** Names of all subscriptions. */
  get names(): string[] {
    return [...this.#followers.values()].map(({ state }) => state.subscription?.name ?? "");
  }

  topicIdOf(name: string): number | undefined {
    return [...this.#topics].findLast(([, known]) => known === name)?.[0];
  }

  epochOf(name: string): number {
    return this.#follower(name).state.subscription?.epoch ?? 0;
  }

  /** Number of events of a subscription's epoch, all or those of one fate. */
  count(name: string, fate?: Fate): bigint {
    const fates = [...this.#follower(name).fates.values()];
    return BigInt(fates.filter((each) => fate === undefined || each === fate).length);
  }

  apply(sequence: bigint, entry: Entry): void {
    const { kind, batches, timeUnixMs } = entry;
    switch (kind?.$case) {
      case "topicCreated":
        this.#topics.set(kind.value.topic?.topicId ?? 0, kind.value.topic?.topic?.name ?? "");
        break;
      case "subscriptionCreated":
        this.#create(kind.value.subscription as SubscriptionState);
        break;
      case "subscriptionSought":
        this.#seek(kind.value.subscription as SubscriptionState);
        break;
      case "snapshotCreated": {
        const { snapshot } = kind.value.snapshot ?? {};
        const { fates } = this.#follower(snapshot?.subscription ?? "");
        const open = [...fates].filter(([, fate]) => fate === "open").map(([event]) => event);
        const logged = this.log.length;
        this.#snapshots.set(snapshot?.name ?? "", { open: new Set(open), logged });
        break;
      }
      case "eventsSettled":
        for (const part of [kind.value, ...kind.value.otherLanes]) this.#settle(kind.value, part);
        break;
      case "eventsExpired":
        for (const batch of kind.value.batches) this.#expire(kind.value.topicId, batch);
        break;
      case "eventsReleased":
        if (kind.value.batch !== undefined) this.#store(sequence, timeUnixMs, kind.value.batch);
        break;
      default:
        // Nothing else moves an event.
        break;
    }
    for (const stored of batches) {
      if (stored.batch?.deliverTimeUnixMs !== undefined) continue;
      this.#store(sequence, timeUnixMs, batchLineOf(stored));
    }
  }

  #follower(name: string): Follower {
    for (const follower of this.#followers.values()) {
      if (follower.state.subscription?.name === name) return follower;
    }
    throw new Error(`no subscription ${name}`);
  }

  #matches({ subscription }: SubscriptionState, topicId: number): boolean {
    const name = this.#topics.get(topicId) ?? "";
    const patterns = subscription?.settings?.patterns ?? [];
    return patterns.some((pattern) => TopicPattern.parse(pattern).matches(name));
  }

  #store(sequence: bigint, timeMs: bigint, line: SequenceRef_Batch): void {
    const batch = batchRefOf(sequence, line);
    const { topicId, lane } = batch;
    for (let bit = 0; bit < line.count; bit += 1) {
      if (((line.excluded[bit >> 3] ?? 0) >> (bit & 7)) % 2 === 1) continue;
      const index = line.firstIndex + bit;
      const offset = line.baseOffset + BigInt(bit);
      const place = { sequence, index, timeMs, topicId, offset };
      const event: LoggedEvent = { ...place, lane, batch, isGone: false };
      this.log.push(event);
      for (const { state, fates } of this.#followers.values()) {
        if (this.#matches(state, topicId)) fates.set(event, "open");
      }
    }
  }

  #create(state: SubscriptionState): void {
    const from = state.subscription?.cursorSequence ?? 0n;
    this.#begin(state, ({ sequence }) => sequence >= from);
  }

  #begin(state: SubscriptionState, isOpen: (event: LoggedEvent) => boolean): void {
    const entering = this.log.filter(
      (event) => !event.isGone && this.#matches(state, event.topicId) && isOpen(event),
    );
    const fates = new Map(entering.map((event): [LoggedEvent, Fate] => [event, "open"]));
    this.#followers.set(state.subscriptionId, { state, fates });
  }

  #seek(state: SubscriptionState): void {
    const before = this.#followers.get(state.subscriptionId)?.fates ?? new Map<LoggedEvent, Fate>();
    const move = this.#moves.of(state);
    this.#begin(state, (event) => {
      switch (move.to) {
        case "sequence":
          return event.sequence >= move.sequence;
        case "time":
          return event.timeMs >= move.timeMs;
        case "latest":
          return false;
        case "snapshot": {
          const { open, logged } = this.#snapshots.get(move.snapshot) ?? { logged: 0 };
          return open?.has(event) === true || this.log.indexOf(event) >= logged;
        }
        case "offset":
          if (event.topicId === move.topicId) return event.offset >= move.offset;
          return before.get(event) === "open";
      }
    });
  }

  #settle({ subscriptionId, epoch }: EventsSettled, part: EventsSettled): void {
    const follower = this.#followers.get(subscriptionId);
    if (follower === undefined || follower.state.subscription?.epoch !== epoch) return;
    const { state, fates } = follower;
    const isKeyed = state.subscription?.settings?.order === DeliveryOrder.KEY;
    const laneIn = (event: LoggedEvent) => (isKeyed ? Priority.NORMAL : event.lane);
    const end = (fate: Fate, isMeant: (event: LoggedEvent) => boolean) => {
      for (const [event, before] of fates) {
        if (before !== "open" || laneIn(event) !== laneOf(part.lane)) continue;
        if (isMeant(event)) fates.set(event, fate);
      }
    };
    for (const { cause, ranges } of part.removed) {
      const fate = fateOfCause.get(cause);
      expect(fate, "a cause that this life cannot have").toBeDefined();
      end(fate as Fate, (event) => ranges.some((range) => isIn(event, range)));
    }
    end("acked", (event) => part.acked.some((range) => isIn(event, range)));
    const { cursorSequence, cursorIndex } = part;
    end("acked", ({ sequence, index }) => {
      return sequence < cursorSequence || (sequence === cursorSequence && index < cursorIndex);
    });
  }

  #expire(topicId: number, { baseOffset, sequence, releasedSequence }: ExpiredBatch): void {
    for (const event of this.log) {
      const isOfBatch =
        event.topicId === topicId &&
        event.batch.baseOffset === baseOffset &&
        event.sequence === (releasedSequence ?? sequence);
      if (!isOfBatch) continue;
      event.isGone = true;
      for (const { fates } of this.#followers.values()) {
        if (fates.get(event) === "open") fates.set(event, "expired");
      }
    }
  }
}
