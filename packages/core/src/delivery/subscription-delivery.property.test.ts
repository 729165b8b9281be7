import { type PositionRanges, Settlement, Verdict } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs } from "./backoff.js";
import type { BatchRef } from "./batch-ref.js";
import { batches } from "./batches.test-support.js";
import {
  copyOf,
  eachVerdict,
  expectJournalled,
  isOf,
  isPassed,
  isSelected,
  type ModelEvent,
  modelEvents,
} from "./delivery-model.test-support.js";
import { ProjectedState, restoreDelivery, settings } from "./delivery-world.test-support.js";
import { unsettledOf } from "./expired-events.js";
import type { Grant } from "./granter.js";
import { LeaseTokens } from "./lease-tokens.js";

const chance = 0.5;
const jitter = () => chance;

/** The delivery and the model side by side; every step compares them. */
class World {
  refs: readonly BatchRef[];
  readonly last: bigint;
  readonly projected = new ProjectedState();
  start = 1;
  tokens = new LeaseTokens(1);
  delivery = restoreDelivery(this.tokens);
  events: ModelEvent[] = [];
  durable: ModelEvent[] = [];
  offered = new Set<ModelEvent>();
  nowMs = 1_000;
  next = 0;
  nextConsumer = 1n;
  readonly windows = new Map<bigint, number>();
  readonly grants: Grant[] = [];
  readonly #byPlace = new Map<string, ModelEvent>();

  constructor(refs: BatchRef[]) {
    this.refs = refs;
    this.last = refs.at(-1)?.sequence ?? 0n;
    this.projected.create();
    this.events = refs.flatMap((ref) => modelEvents(ref));
    this.#index();
    this.durable = copyOf(this.events);
  }

  #index(): void {
    this.#byPlace.clear();
    for (const event of this.events) this.#byPlace.set(`${event.sequence}/${event.index}`, event);
  }

  eventAt(sequence: bigint, index: number): ModelEvent | undefined {
    return this.#byPlace.get(`${sequence}/${index}`);
  }

  offer(count: number): void {
    for (let i = 0; i < count && this.delivery.wantsMore(); i += 1) {
      const ref = this.refs[this.next];
      if (ref === undefined) return;
      this.next += 1;
      this.delivery.offer(ref);
      this.delivery.offer(ref);
      for (const event of this.events) if (isOf(ref, event)) this.offered.add(event);
      const isLast = this.refs[this.next]?.sequence !== ref.sequence;
      if (isLast) this.delivery.examinedThrough(ref.sequence);
    }
  }

  join(events: number, bytes: number): void {
    this.delivery.addConsumer(this.nextConsumer, { events, bytes: BigInt(bytes) });
    this.windows.set(this.nextConsumer, events);
    this.nextConsumer += 1n;
  }

  leave(pick: number): void {
    const ids = [...this.windows.keys()];
    const id = ids[pick % Math.max(1, ids.length)];
    if (id === undefined) return;
    this.delivery.removeConsumer(id, this.nowMs, jitter);
    this.windows.delete(id);
    for (const event of this.events) if (event.lease?.consumerId === id) this.#fail(event);
  }

  grant(): void {
    const grants = this.delivery.grant(this.nowMs);
    for (const grant of grants) this.#take(grant);
    const isReady = [...this.offered].some((event) => this.#isReady(event));
    const idle = [...this.windows.keys()].filter((id) => this.#leased(id) === 0);
    for (const id of idle) this.delivery.addCredit(id, { bytes: 1_000_000n, events: 0 });
    if (idle.length === 0 || !isReady) return;
    const more = this.delivery.grant(this.nowMs);
    for (const grant of more) this.#take(grant);
    const isStillReady = [...this.offered].some((event) => this.#isReady(event));
    const isStillIdle = idle.some((id) => this.#leased(id) === 0);
    expect(isStillReady && isStillIdle, "a ready event and an idle consumer").toBe(false);
  }

  #leased(id: bigint): number {
    return this.events.filter(({ lease }) => lease?.consumerId === id).length;
  }

  #isReady({ isSettled, lease, dueMs }: ModelEvent): boolean {
    return !isSettled && lease === undefined && dueMs <= this.nowMs;
  }

  #take(grant: Grant): void {
    const { ref, attempt, lease: token, consumerId, leaseEndMs } = grant;
    this.grants.push(grant);
    let events = 0;
    for (let bit = 0; bit < ref.count; bit += 1) {
      if (!isSelected(grant, ref.firstIndex + bit)) continue;
      const event = this.eventAt(ref.sequence, ref.firstIndex + bit);
      if (event === undefined) throw new Error("an excluded event was granted");
      expect(this.#isReady(event), "granted events are ready").toBe(true);
      expect(attempt).toBe(event.attempts + 1);
      event.lease = { token, consumerId, endMs: leaseEndMs };
      events += 1;
    }
    expect(events).toBeGreaterThan(0);
    expect(leaseEndMs).toBe(this.nowMs + settings.ackDeadlineMs);
    expect(this.#leased(consumerId)).toBeLessThanOrEqual(this.windows.get(consumerId) ?? 0);
  }

  settle(kind: "ack" | "nack" | "extend", wish: { grant: number; from: number; to: number }): void {
    const grant = this.grants[wish.grant % Math.max(1, this.grants.length)];
    if (grant === undefined) return;
    const { sequence, firstIndex, count } = grant.ref;
    const first = firstIndex + (wish.from % count);
    const last = Math.min(firstIndex + count - 1, first + (wish.to % count));
    const item: PositionRanges = { lease: grant.lease, sequence, ranges: [{ first, last }] };
    const refused = new Map<string, Verdict>();
    for (let index = first; index <= last; index += 1) {
      const event = this.eventAt(sequence, index);
      const verdict = event && this.#settleOne(kind, event, grant);
      if (verdict !== undefined) refused.set(`${sequence}/${index}`, verdict);
    }
    const settlement = Settlement.create({
      acks: kind === "ack" ? [item] : [],
      nacks: kind === "nack" ? [{ events: item, reason: "why" }] : [],
      extensions: kind === "extend" ? [{ events: item, deadlineMs: 40_000 }] : [],
    });
    const { verdicts } = this.delivery.settle(undefined, settlement, this.nowMs, jitter);
    const told = new Map<string, Verdict>();
    for (const [place, verdict] of verdicts.flatMap(eachVerdict)) {
      if (this.#byPlace.has(place)) told.set(place, verdict);
    }
    for (let index = first; index <= last; index += 1) {
      // Stale, or unknown where a restart has not passed it yet: there is no batch to tell by.
      const place = `${sequence}/${index}`;
      if (this.eventAt(sequence, index)?.isExpired !== true) continue;
      expect(told.delete(place) && refused.delete(place), "nothing of an expired event").toBe(true);
    }
    expect([...told].sort()).toEqual([...refused].sort());
  }

  #settleOne(kind: string, event: ModelEvent, grant: Grant): Verdict | undefined {
    const isCurrent = grant.lease >> 40n === BigInt(this.start);
    if (!this.#isResident(event)) return Verdict.UNKNOWN;
    if (event.isSettled) return Verdict.STALE;
    if (event.lease !== undefined && event.lease.token !== grant.lease) return Verdict.STALE;
    if (event.lease === undefined && kind !== "ack") return Verdict.STALE;
    const isForeign = isCurrent && !isSelected(grant, event.index);
    if (event.lease === undefined && isForeign) return Verdict.UNKNOWN;
    this.#carryOut(kind, event);
    return undefined;
  }

  #carryOut(kind: string, event: ModelEvent): void {
    if (kind === "ack") {
      event.isSettled = true;
      event.lease = undefined;
    } else if (kind === "nack") {
      this.#fail(event);
      event.reason = "why";
    } else if (event.lease !== undefined) {
      event.lease.endMs = this.nowMs + 40_000;
    }
  }

  /** Offered since the start, or passed by the cursor: the delivery can answer for it. */
  #isResident(event: ModelEvent): boolean {
    return this.offered.has(event) || isPassed(this.projected.durable(), event);
  }

  #fail(event: ModelEvent): void {
    event.attempts += 1;
    event.lease = undefined;
    event.dueMs = this.nowMs + backoffMs(settings.retry, event.attempts, chance);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const timer = this.delivery.nextTimerMs();
    const times = this.events
      .filter((event) => this.offered.has(event) && !event.isSettled)
      .map((event) => event.lease?.endMs ?? event.dueMs)
      .filter((at) => at > this.nowMs);
    if (times.length > 0 && timer !== undefined) {
      expect(timer).toBeLessThanOrEqual(Math.min(...times));
    }
    this.delivery.expire(this.nowMs, jitter);
    for (const event of this.events) {
      if (event.lease !== undefined && event.lease.endMs <= this.nowMs) this.#fail(event);
    }
  }

  commit(isFinal = false): void {
    this.projected.follow(this.delivery, isFinal);
    const state = this.delivery.durableState();
    expect(this.projected.durable()).toEqual(state);
    this.durable = copyOf(this.events);
    for (const event of this.events) expectJournalled(state, event);
    const settled = this.events.filter(({ isSettled }) => isSettled);
    const expired = settled.filter(({ isExpired }) => isExpired).length;
    const retried = this.events.filter(({ isSettled, attempts }) => !isSettled && attempts > 0);
    expect(state.cursor.acked).toBe(BigInt(settled.length - expired));
    expect(state.cursor.expired).toBe(BigInt(expired));
    expect(state.cursor.entered).toBe(BigInt(settled.length + retried.length));
    for (const sequence of state.exceptions.keys()) {
      expect(sequence >= state.cursor.sequence, "no exception outlives the cursor").toBe(true);
    }
    this.#compareFigures();
  }

  #compareFigures(): void {
    const { leased, unsettled } = this.delivery.figures();
    const open = [...this.offered].filter(({ isSettled }) => !isSettled);
    expect(leased).toBe(open.filter(({ lease }) => lease !== undefined).length);
    expect(unsettled).toBe(open.length);
  }

  /** Drops a batch, with consumers or as of a subscription that has none. */
  expire(pick: number): void {
    const ref = this.refs[pick % Math.max(1, this.refs.length)];
    if (ref === undefined) return;
    const unsettled = this.events.filter((event) => isOf(ref, event) && !event.isSettled);
    const fresh = unsettled.filter(({ attempts }) => attempts === 0);
    const expected = { count: unsettled.length, entered: fresh.length };
    this.commit();
    const { cursor, exceptions } = this.projected.durable();
    const exception = exceptions.get(ref.sequence);
    expect(unsettledOf({ cursor, exception }, ref), "without consumers").toEqual(expected);
    expect(this.projected.expire(this.delivery, ref)).toEqual(expected);
    for (const event of unsettled) {
      event.isSettled = true;
      event.isExpired = true;
      event.lease = undefined;
    }
    const at = this.refs.indexOf(ref);
    this.refs = this.refs.filter((each) => each !== ref);
    if (at < this.next) this.next -= 1;
    this.commit();
  }

  restart(): void {
    this.start += 1;
    this.tokens = new LeaseTokens(this.start);
    const state = this.projected.durable();
    this.delivery = restoreDelivery(this.tokens, state);
    this.events = copyOf(this.durable);
    this.#index();
    this.offered = new Set();
    this.windows.clear();
    this.next = this.refs.findIndex(({ sequence }) => sequence >= state.cursor.sequence);
    if (this.next === -1) this.next = this.refs.length;
    expect(this.delivery.durableState()).toEqual(state);
  }

  /** A restart that loses nothing, with consumers coming back at once. */
  reboot(): void {
    this.commit();
    this.restart();
    this.join(10, 2_000);
    this.offer(2);
    this.grant();
  }

  drain(): void {
    this.join(1_000, 1_000_000);
    for (let round = 0; round < 500 && this.events.some((event) => !event.isSettled); round += 1) {
      this.offer(10);
      this.grant();
      for (const event of this.events) {
        if (event.lease === undefined) continue;
        const at = this.grants.findIndex(({ lease }) => lease === event.lease?.token);
        const count = this.grants[at]?.ref.count ?? 1;
        this.settle("ack", { grant: at, from: 0, to: count - 1 });
      }
      this.pass(61_000);
    }
    this.delivery.examinedThrough(this.last);
    this.commit(true);
    expect(this.events.every(({ isSettled }) => isSettled)).toBe(true);
    expect(this.projected.durable()).toMatchObject({
      cursor: { sequence: this.last + 1n, index: 0 },
      exceptions: new Map(),
    });
  }
}

const number = fc.nat({ max: 100 });
const wish = fc.record({ grant: fc.nat({ max: 1_000 }), from: number, to: number });
const step = fc.oneof(
  fc.record({ do: fc.constant("offer" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant("grant" as const) }),
  fc.record({ do: fc.constantFrom("ack" as const, "nack" as const, "extend" as const), wish }),
  fc.record({ do: fc.constant("ack" as const), wish }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1, 700, 5_000, 31_000) }),
  fc.record({ do: fc.constant("commit" as const) }),
  fc.record({
    do: fc.constant("join" as const),
    events: fc.integer({ min: 1, max: 30 }),
    bytes: fc.integer({ min: 1, max: 5_000 }),
  }),
  fc.record({ do: fc.constant("leave" as const), pick: number }),
  fc.record({ do: fc.constant("restart" as const) }),
  fc.record({ do: fc.constant("reboot" as const) }),
  fc.record({ do: fc.constant("prefix" as const), wish }),
  fc.record({ do: fc.constant("expire" as const), pick: number }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(world: World, next: Step): void {
  if (next.do === "offer") world.offer(next.count);
  else if (next.do === "grant") world.grant();
  else if (next.do === "pass") world.pass(next.ms);
  else if (next.do === "commit") world.commit();
  else if (next.do === "join") world.join(next.events, next.bytes);
  else if (next.do === "leave") world.leave(next.pick);
  else if (next.do === "restart") world.restart();
  else if (next.do === "reboot") world.reboot();
  else if (next.do === "expire") world.expire(next.pick);
  else if (next.do === "prefix") world.settle("ack", { ...next.wish, from: 0 });
  else world.settle(next.do, next.wish);
}

it("does what a model of single events does, under any interleaving", () => {
  fc.assert(
    fc.property(batches, fc.array(step, { maxLength: 60 }), (refs, steps) => {
      const world = new World(refs);
      world.join(20, 3_000);
      world.offer(3);
      for (const next of steps) take(world, next);
      world.commit();
      world.drain();
    }),
    { numRuns: 400 },
  );
});
