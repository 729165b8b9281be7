import {
  CursorException_Run,
  DeliveryOrder,
  type PartitionStart,
  type PositionRanges,
  RetryCause,
  type SettlementException,
  type Verdict,
} from "@opendxa/pubsub-protocol";
import { expect } from "vitest";
import { backoffMs } from "./backoff.js";
import type { BatchRef } from "./batch-ref.js";
import type { TestBatch } from "./batches.test-support.js";
import type { DurableState } from "./durable-cursor.js";
import type { Grant } from "./granter.js";
import type { Lane } from "./lane.js";

/** How a model event ended. */
export type ModelEnd = "acked" | "expired" | "dead" | "skipped";

/** One event in the model: no runs, no batches, no queues, no coalescing. */
export interface ModelEvent {
  readonly sequence: bigint;
  readonly index: number;
  readonly lane: Lane;
  /** Topic, partition and ordering key; absent: it keeps no order. */
  readonly key: string | undefined;
  readonly expireMs: number;
  readonly isDeadLetter: boolean;
  end: ModelEnd | undefined;
  /** Its batch left: nothing that is journalled of it matters. */
  isGone: boolean;
  attempts: number;
  /** Its last failure is not durable: it does not come again before. */
  isUntold: boolean;
  dueMs: number;
  reason: string;
  doom: { cause: RetryCause; reason: string } | undefined;
  lease: { token: bigint; consumerId: bigint; endMs: number } | undefined;
}

/** What rules the model. */
export interface ModelRules {
  readonly order: DeliveryOrder;
  readonly attemptsMax: number;
  readonly retry: { readonly minMs: number; readonly maxMs: number };
  readonly chance: number;
  readonly starts: readonly PartitionStart[];
  readonly floor: bigint;
}

export function isOf(ref: BatchRef, { sequence, index }: ModelEvent): boolean {
  const isInside = index >= ref.firstIndex && index < ref.firstIndex + ref.count;
  return sequence === ref.sequence && isInside;
}

function placeOf({ sequence, index }: ModelEvent): string {
  return `${sequence}/${index}`;
}

export function isSelected({ selected, ref }: Grant, index: number): boolean {
  const bit = index - ref.firstIndex;
  return selected.length === 0 || ((selected[bit >> 3] ?? 0) >> (bit & 7)) % 2 === 1;
}

export function isPassed({ cursor }: DurableState, { sequence, index }: ModelEvent): boolean {
  return sequence < cursor.sequence || (sequence === cursor.sequence && index < cursor.index);
}

export function expectJournalled(state: DurableState, event: ModelEvent): void {
  if (event.isGone) return;
  if (isPassed(state, event)) {
    expect(event.end, "the cursor never passes an unsettled event").toBeDefined();
    return;
  }
  const runs = state.exceptions.get(event.sequence)?.runs ?? [];
  const run = runs.find(({ first, last }) => first <= event.index && event.index <= last);
  expect(run?.settled ?? false).toBe(event.end !== undefined);
  if (event.end !== undefined) return;
  const { attempts, dueTimeUnixMs, reason } = run ?? CursorException_Run.create();
  expect([attempts, Number(dueTimeUnixMs), reason]).toEqual([
    event.attempts,
    event.dueMs,
    event.reason,
  ]);
}

export function eachVerdict({ events, verdict }: SettlementException): [string, Verdict][] {
  return (events?.ranges ?? []).flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i): [string, Verdict] => [
      `${events?.sequence}/${first + i}`,
      verdict,
    ]),
  );
}

/** Every event of every batch that enters, one by one. */
function eventsOf({ ref, traits }: TestBatch, rules: ModelRules, lane: Lane): ModelEvent[] {
  const made: ModelEvent[] = [];
  const { sequence, firstIndex, topicId, partition } = ref;
  const start = rules.starts.find(
    (each) => each.topicId === topicId && each.partition === partition,
  );
  for (let bit = 0; bit < ref.count; bit += 1) {
    if (((ref.excluded[bit >> 3] ?? 0) >> (bit & 7)) % 2 === 1) continue;
    if (start === undefined && sequence < rules.floor) continue;
    if (start !== undefined && ref.baseOffset + BigInt(bit) < start.offset) continue;
    const index = firstIndex + bit;
    const key = rules.order === DeliveryOrder.KEY ? traits.keyOf(index) : undefined;
    made.push({
      sequence,
      index,
      lane,
      key: key === undefined ? undefined : `${topicId}/${partition}/${key}`,
      expireMs: traits.expireMsOf(index) ?? Number.POSITIVE_INFINITY,
      isDeadLetter: ref.isDeadLetter,
      end: undefined,
      isGone: false,
      attempts: 0,
      isUntold: false,
      dueMs: 0,
      reason: "",
      doom: undefined,
      lease: undefined,
    });
  }
  return made;
}

/** The rules of delivery, event by event. */
export class DeliveryModel {
  readonly rules: ModelRules;
  events: ModelEvent[];
  #remembered = { open: new Set<string>(), settled: new Set<string>() };
  /** Events that were settled when the epoch began: they never enter it, and their acks are stale. */
  #settledBefore = new Set<string>();
  readonly #laneOf: (ref: BatchRef) => Lane;
  offered = new Set<ModelEvent>();
  #durable: ModelEvent[];
  readonly #seen = new Map<string, number>();
  /** Keys whose last failure is not durable: nothing of them is handed out before. */
  readonly #untoldKeys = new Set<string>();

  constructor(batches: readonly TestBatch[], rules: ModelRules, laneOf: (ref: BatchRef) => Lane) {
    this.rules = rules;
    this.#laneOf = laneOf;
    this.events = batches.flatMap((batch) => eventsOf(batch, rules, laneOf(batch.ref)));
    this.#durable = this.#copy(this.events);
  }

  #copy(events: readonly ModelEvent[]): ModelEvent[] {
    return events.map((event) => ({ ...event, lease: undefined, doom: undefined }));
  }

  at(sequence: bigint, index: number): ModelEvent | undefined {
    return this.events.find((event) => event.sequence === sequence && event.index === index);
  }

  of(ref: BatchRef): ModelEvent[] {
    return this.events.filter((event) => isOf(ref, event));
  }

  offer(ref: BatchRef): void {
    for (const event of this.of(ref)) this.offered.add(event);
  }

  /** Everything became durable. */
  commit(): void {
    for (const event of this.events) event.isUntold = false;
    this.#untoldKeys.clear();
    this.#durable = this.#copy(this.events);
  }

  /** The broker died: what was not durable is forgotten. */
  restart(): void {
    this.events = this.#copy(this.#durable);
    this.offered = new Set();
    this.#untoldKeys.clear();
  }

  /** Whether ranges name an event that was settled when the epoch began. */
  hasSettledBefore({ sequence, ranges }: PositionRanges): boolean {
    return [...this.#settledBefore].some((place) => {
      const [at, index] = place.split("/");
      const isNamed = ranges.some(
        ({ first, last }) => first <= Number(index) && Number(index) <= last,
      );
      return at === String(sequence) && isNamed;
    });
  }

  /** Remembers which events are not settled. */
  remember(): void {
    const open = this.events.filter(({ end }) => end === undefined).map(placeOf);
    const settled = this.events.filter(({ end }) => end !== undefined).map(placeOf);
    this.#remembered = {
      open: new Set(open),
      settled: new Set([...this.#settledBefore, ...settled]),
    };
  }

  /** A new epoch begins: what lies before it never entered, and nothing was tried. */
  seek(to: bigint | "snapshot", batches: readonly TestBatch[]): void {
    const everywhere = { ...this.rules, starts: [], floor: 0n };
    const all = batches.flatMap((batch) => eventsOf(batch, everywhere, this.#laneOf(batch.ref)));
    this.#durable = all.filter((event) =>
      to === "snapshot" ? this.#remembered.open.has(placeOf(event)) : event.sequence >= to,
    );
    this.#settledBefore = to === "snapshot" ? this.#remembered.settled : new Set();
    this.#seen.clear();
    this.restart();
  }

  /** Unsettled events of the same key before an event, as far as they were offered. */
  before(event: ModelEvent): ModelEvent[] {
    if (event.key === undefined) return [];
    return this.events.slice(0, this.events.indexOf(event)).filter((other) => {
      const isOpen = other.end === undefined && this.offered.has(other);
      return isOpen && other.key === event.key;
    });
  }

  isDue(event: ModelEvent, nowMs: number): boolean {
    const isFree = event.end === undefined && event.lease === undefined && !event.doom;
    const isTold = !event.isUntold && !(event.key !== undefined && this.#untoldKeys.has(event.key));
    return isFree && isTold && event.dueMs <= nowMs && this.offered.has(event);
  }

  /** No crash takes an attempt back that a consumer has seen. */
  see(event: ModelEvent, attempt: number): void {
    const place = placeOf(event);
    expect(attempt).toBeGreaterThanOrEqual(this.#seen.get(place) ?? 1);
    this.#seen.set(place, attempt);
  }

  /** When something happens by itself to an unsettled event after a time; infinite: never. */
  nextTimeMs(nowMs: number): number {
    const open = [...this.offered].filter(({ end, doom }) => !end && !doom);
    const times = open.flatMap(({ lease, isUntold, dueMs, expireMs }) =>
      lease === undefined ? [isUntold ? 0 : dueMs, expireMs] : [lease.endMs],
    );
    return Math.min(...times.filter((at) => at > nowMs));
  }

  /** Anybody may have it. */
  isReady(event: ModelEvent, nowMs: number): boolean {
    return this.isDue(event, nowMs) && this.before(event).length === 0;
  }

  fail(event: ModelEvent, nowMs: number, cause: RetryCause, delayMs?: number): void {
    const behind = this.events.slice(this.events.indexOf(event) + 1);
    for (const other of behind) {
      if (event.key !== undefined && other.key === event.key) other.lease = undefined;
    }
    event.lease = undefined;
    if (event.key !== undefined) this.#untoldKeys.add(event.key);
    const { attemptsMax, retry, chance } = this.rules;
    if (event.expireMs <= nowMs) {
      event.end = "expired";
    } else if (attemptsMax > 0 && event.attempts + 1 >= attemptsMax && !event.isDeadLetter) {
      event.doom = { cause, reason: cause === RetryCause.NACK ? "why" : event.reason };
    } else {
      event.attempts += 1;
      event.isUntold = true;
      event.dueMs = nowMs + (delayMs ?? backoffMs(retry, event.attempts, chance));
      if (cause === RetryCause.NACK) event.reason = "why";
    }
  }

  /** Fails every event for which it is asked, the earliest of each key alone. */
  failAll(isFailing: (event: ModelEvent) => boolean, nowMs: number, cause: RetryCause): void {
    for (const event of this.events) {
      if (event.lease !== undefined && isFailing(event)) this.fail(event, nowMs, cause);
    }
  }

  expireByTime(nowMs: number): void {
    for (const event of this.offered) {
      const isFree = event.end === undefined && event.lease === undefined && !event.doom;
      if (isFree && event.expireMs <= nowMs) event.end = "expired";
    }
  }

  /** First events of keys that stand still. */
  blocked(nowMs: number): ModelEvent[] {
    return this.events.filter((event) => {
      const isOpen = event.end === undefined && this.offered.has(event) && event.key !== undefined;
      if (!isOpen || event.lease !== undefined || this.before(event).length > 0) return false;
      return event.attempts > 0 || event.doom !== undefined || event.dueMs > nowMs;
    });
  }

  /** Number of events of a lane that ended so. */
  count(lane: Lane, end: ModelEnd): bigint {
    const ended = this.events.filter((event) => event.lane === lane && event.end === end);
    return BigInt(ended.length);
  }
}
