import { RetryCause, Settlement, type Verdict } from "@opendxa/pubsub-protocol";
import { expect } from "vitest";
import type { TestBatch } from "./batches.test-support.js";
import { compare, expectThrough } from "./delivery-comparison.test-support.js";
import {
  DeliveryModel,
  eachVerdict,
  isOf,
  isSelected,
  type ModelEnd,
  type ModelEvent,
  type ModelRules,
} from "./delivery-model.test-support.js";
import { SoughtSubscription } from "./delivery-seek.test-support.js";
import {
  freshLanes,
  makeDelivery,
  ProjectedState,
  settings,
} from "./delivery-world.test-support.js";
import type { DoomedRun } from "./doomed-events.js";
import { unsettledOf } from "./expired-events.js";
import type { Grant } from "./granter.js";
import { LeaseTokens } from "./lease-tokens.js";
import { isUntold, itemOf, sayToModel, type Wish, type Word } from "./model-speech.test-support.js";

/** The delivery and the model side by side; every step compares them. */
export class DeliveryPair {
  batches: readonly TestBatch[];
  readonly last: bigint;
  readonly model: DeliveryModel;
  readonly projected = new ProjectedState();
  readonly #rules: ModelRules;
  readonly #sought: SoughtSubscription;
  #start = 1;
  #tokens = new LeaseTokens(1);
  delivery;
  nowMs = 1_000;
  #next = 0;
  #nextConsumer = 1n;
  #isPaused = false;
  readonly #windows = new Map<bigint, number>();
  readonly #grants: Grant[] = [];

  constructor(batches: readonly TestBatch[], rules: ModelRules) {
    this.batches = batches;
    this.#rules = rules;
    this.last = batches.at(-1)?.ref.sequence ?? 0n;
    this.#sought = new SoughtSubscription(this.projected, rules, this.last + 1n);
    this.delivery = this.#restored();
    this.model = new DeliveryModel(batches, rules, (ref) => this.delivery.laneOf(ref));
  }

  get lanes() {
    return freshLanes(this.#rules.order).map(({ lane }) => lane);
  }

  get #floor() {
    return this.#sought.state.leaseFloor;
  }

  #restored() {
    const { subscription, partitionStarts, leaseFloor } = this.#sought.state;
    return makeDelivery({
      epoch: subscription?.epoch ?? 0,
      order: this.#rules.order,
      settings: { ...settings, attemptsMax: this.#rules.attemptsMax },
      lanes: this.lanes.map((lane) => this.projected.durable(lane)),
      partitionStarts,
      leaseFloor,
      tokens: this.#tokens,
    });
  }

  readonly #jitter = () => this.#rules.chance;

  offer(count: number): void {
    for (let i = 0; i < count && this.delivery.wantsMore(); i += 1) {
      const batch = this.batches[this.#next];
      if (batch === undefined) return;
      const { ref, traits } = batch;
      this.#next += 1;
      this.delivery.offer(ref, traits);
      this.delivery.offer(ref, traits);
      this.model.offer(ref);
      const isLast = this.batches[this.#next]?.ref.sequence !== ref.sequence;
      if (isLast) this.delivery.examinedThrough(ref.sequence);
    }
  }

  join(events: number, bytes: number): void {
    this.delivery.addConsumer(this.#nextConsumer, { events, bytes: BigInt(bytes) });
    this.#windows.set(this.#nextConsumer, events);
    this.#nextConsumer += 1n;
  }

  leave(pick: number): void {
    const ids = [...this.#windows.keys()];
    const id = ids[pick % Math.max(1, ids.length)];
    if (id === undefined) return;
    this.delivery.removeConsumer(id, this.nowMs, this.#jitter);
    this.#windows.delete(id);
    const isOfConsumer = ({ lease }: ModelEvent) => lease?.consumerId === id;
    this.model.failAll(isOfConsumer, this.nowMs, RetryCause.DISCONNECT);
  }

  grant(): void {
    this.#grantOnce();
    const idle = [...this.#windows.keys()].filter((id) => this.#leased(id) === 0);
    for (const id of idle) this.delivery.addCredit(id, { bytes: 1_000_000n, events: 0 });
    if (idle.length === 0 || this.#isPaused) return;
    this.#grantOnce();
    const isReady = this.model.events.some((event) => this.model.isReady(event, this.nowMs));
    const isIdle = idle.some((id) => this.#leased(id) === 0);
    expect(isReady && isIdle, "a ready event and an idle consumer").toBe(false);
  }

  #grantOnce(): void {
    this.model.expireByTime(this.nowMs);
    const grants = this.delivery.grant(this.nowMs);
    const order = grants.map(({ ref }) => this.lanes.indexOf(this.delivery.laneOf(ref)));
    expect(order, "urgent lanes first").toEqual([...order].sort());
    if (this.#isPaused) expect(grants).toEqual([]);
    for (const grant of grants) this.#take(grant);
  }

  #leased(id: bigint): number {
    return this.model.events.filter(({ lease }) => lease?.consumerId === id).length;
  }

  #take(grant: Grant): void {
    const { ref, attempt, lease: token, consumerId, leaseEndMs } = grant;
    this.#grants.push(grant);
    let events = 0;
    for (let index = ref.firstIndex; index < ref.firstIndex + ref.count; index += 1) {
      if (!isSelected(grant, index)) continue;
      const event = this.model.at(ref.sequence, index);
      if (event === undefined) {
        expect(grant.selected.length, "an event that did not enter was selected").toBe(0);
        continue;
      }
      expect(this.model.isDue(event, this.nowMs), "granted events are due").toBe(true);
      const before = this.model.before(event);
      const isInOrder = before.every(({ lease }) => lease?.consumerId === consumerId);
      expect(isInOrder, "earlier events of the key are settled or with the consumer").toBe(true);
      expect(
        before.every(({ attempts }) => attempts === 0),
        "nothing follows an event that failed before",
      ).toBe(true);
      expect(event.expireMs).toBeGreaterThan(this.nowMs);
      expect(attempt).toBe(event.attempts + 1);
      this.model.see(event, attempt);
      event.lease = { token, consumerId, endMs: leaseEndMs };
      events += 1;
    }
    expect(events).toBeGreaterThan(0);
    expect(leaseEndMs).toBe(this.nowMs + settings.ackDeadlineMs);
    expect(this.#leased(consumerId)).toBeLessThanOrEqual(this.#windows.get(consumerId) ?? 0);
  }

  settle(word: Word, wish: Wish): void {
    const found = itemOf(this.model, this.#grants, wish);
    if (found === undefined) return;
    const { item, grant, events } = found;
    const settlement = Settlement.create({
      acks: word === "ack" ? [item] : [],
      nacks: word === "nack" ? [{ events: item, reason: "why" }] : [],
      extensions: word === "extend" ? [{ events: item, deadlineMs: 40_000 }] : [],
    });
    const sequences = this.delivery.absentSequences(settlement);
    const absent = this.batches.filter(({ ref }) => sequences.includes(ref.sequence));
    const doomed = this.delivery.figures().doomed;
    const outcome = this.delivery.settle(undefined, settlement, {
      nowMs: this.nowMs,
      jitter: this.#jitter,
      absent,
    });
    expect(outcome.isDooming).toBe(this.delivery.figures().doomed > doomed);
    const speech = { word, grant, start: this.#start, floor: this.#floor };
    const refused = sayToModel(this.model, events, speech, (event) => this.#carryOut(word, event));
    const told = new Map<string, Verdict>();
    for (const [place, verdict] of outcome.verdicts.flatMap(eachVerdict)) {
      const [sequence = "", index = ""] = place.split("/");
      const event = this.model.at(BigInt(sequence), Number(index));
      // Stale, or unknown where no batch is there to tell by.
      if (event !== undefined && isUntold(event)) {
        expect(refused.delete(place)).toBe(true);
      } else if (event !== undefined) told.set(place, verdict);
    }
    expect([...told].sort()).toEqual([...refused].sort());
  }

  #carryOut(word: Word, event: ModelEvent): void {
    if (word === "nack") this.model.fail(event, this.nowMs, RetryCause.NACK);
    else if (word === "extend" && event.lease !== undefined) {
      event.lease.endMs = this.nowMs + 40_000;
    } else {
      this.#end(event, "acked");
    }
  }

  /** Acks all of several items or none, as AckAndPublish does. */
  tryAck(wishes: readonly Wish[]): void {
    this.commit();
    const found = wishes
      .map((wish) => itemOf(this.model, this.#grants, wish))
      .filter((item) => item !== undefined);
    const change = this.delivery.tryAck(found.map(({ item }) => item));
    const isFine = found.every(
      ({ item, grant, events }) =>
        !this.model.hasSettledBefore(item) &&
        events.every(({ lease, end, isGone }) => {
          const isOpen = end === undefined && !isGone;
          return isOpen && lease?.token === grant.lease && grant.lease > this.#floor;
        }),
    );
    // A range of excluded events alone tells whether its lease is known, which no model knows.
    const isTellable = found.every(({ events }) => events.length > 0);
    if (isTellable) expect(change !== undefined).toBe(isFine);
    if (change === undefined) return;
    for (const { events } of found) for (const event of events) this.#carryOut("ack", event);
    this.projected.apply({ $case: "eventsSettled", value: change });
    this.commit();
  }

  skip(pick: number, from: number, to: number): void {
    const batch = this.batches[pick % Math.max(1, this.batches.length)];
    if (batch === undefined) return;
    const { ref } = batch;
    const first = ref.firstIndex + (from % ref.count);
    const last = first + (to % ref.count);
    const isOpen = ({ index, end }: ModelEvent) => first <= index && index <= last && !end;
    const open = this.model.of(ref).filter(isOpen);
    expect(this.delivery.operator.skip([ref], { first, last })).toBe(open.length);
    for (const event of open) this.#end(event, "skipped");
  }

  #end(event: ModelEvent, end: ModelEnd): void {
    Object.assign(event, { end, lease: undefined, doom: undefined });
  }

  /** Releases a key that is blocked, if one is, and sees what is journalled of it. */
  release(pick: number): void {
    const names = this.model.blocked(this.nowMs).map((event) => event.key?.split("/")[2] ?? "");
    const key = names[pick % Math.max(1, names.length)] ?? "a";
    const isNamed = (event: ModelEvent) => event.key?.endsWith(`/${key}`) === true;
    const blocked = this.model.blocked(this.nowMs).filter(isNamed);
    expect(this.delivery.operator.release(key, undefined, this.nowMs)).toBe(blocked.length);
    for (const event of blocked) {
      if (!event.doom && event.dueMs > this.nowMs) event.dueMs = this.nowMs;
    }
    this.commit();
  }

  /** Makes dead letters of what is doomed, as the engine does; of some only, sometimes. */
  letters(isPartial: boolean): void {
    this.commit();
    for (let round = 0; round < 100; round += 1) {
      const doomed = this.delivery.doomed(400);
      if (doomed === undefined) break;
      const live = this.delivery.stillDoomed(doomed);
      expect(live).toEqual(doomed);
      const [first] = live.runs;
      const isCut = isPartial && first !== undefined;
      const taken = isCut ? { ...live, runs: [{ ...first, last: first.first }] } : live;
      for (const run of taken.runs) this.#bury(doomed.ref.sequence, run);
      const change = this.delivery.takeDeadLetters(taken);
      this.projected.apply({ $case: "eventsSettled", value: change });
      this.commit();
      if (isPartial) return;
    }
    expect(this.model.events.some(({ doom }) => doom !== undefined)).toBe(false);
  }

  #bury(sequence: bigint, { first, last, attempts, cause, reason }: DoomedRun): void {
    for (let index = first; index <= last; index += 1) {
      const event = this.model.at(sequence, index);
      if (event === undefined) continue;
      expect(event.doom).toEqual({ cause, reason });
      expect(attempts).toBe(event.attempts + 1);
      this.#end(event, "dead");
    }
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.delivery.operator.pause("maintenance");
    else this.delivery.operator.resume();
    expect(this.delivery.pausedReason()).toBe(isPaused ? "PAUSED" : undefined);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const timer = this.delivery.nextTimerMs();
    const next = this.model.nextTimeMs(this.nowMs);
    if (next < Number.POSITIVE_INFINITY) expect(timer ?? 0).toBeLessThanOrEqual(next);
    this.delivery.expire(this.nowMs, this.#jitter);
    const isOver = ({ lease }: ModelEvent) => (lease?.endMs ?? this.nowMs + 1) <= this.nowMs;
    this.model.failAll(isOver, this.nowMs, RetryCause.DEADLINE);
    this.model.expireByTime(this.nowMs);
  }

  commit(isFinal = false): void {
    this.projected.follow(this.delivery, isFinal);
    this.delivery.journalled(this.delivery.seal());
    this.model.commit();
    compare(this);
  }

  /** Drops a batch, with consumers or as of a subscription that has none. */
  expire(pick: number): void {
    const batch = this.batches[pick % Math.max(1, this.batches.length)];
    if (batch === undefined) return;
    const { ref } = batch;
    this.commit();
    const open = this.model.of(ref).filter(({ end }) => end === undefined);
    const fresh = open.filter(({ attempts }) => attempts === 0);
    const expected = { count: open.length, entered: fresh.length };
    const lane = this.delivery.laneOf(ref);
    const { cursor, exceptions } = this.projected.durable(lane);
    const exception = exceptions.get(ref.sequence);
    const starts = this.#sought.state.partitionStarts;
    const idle = unsettledOf({ lane, cursor, exception, starts }, ref);
    expect(idle, "without consumers").toEqual(expected);
    expect(this.projected.expire(this.delivery, ref)).toEqual(expected);
    for (const event of open) this.#end(event, "expired");
    for (const event of this.model.of(ref)) event.isGone = true;
    const at = this.batches.indexOf(batch);
    this.batches = this.batches.filter((each) => each !== batch);
    if (at < this.#next) this.#next -= 1;
    this.commit();
  }

  /** The broker dies. */
  restart(): void {
    this.#start += 1;
    this.#tokens = new LeaseTokens(this.#start);
    this.model.restart();
    this.#takeUp();
  }

  remember(): void {
    this.commit();
    this.#sought.remember(this.lanes.map((lane) => this.delivery.durableState(lane)));
    this.model.remember();
  }

  /** Moves the subscription to a sequence or, without one, to what was remembered last. */
  seek(pick?: number): void {
    if (pick === undefined && !this.#sought.isRemembered) this.remember();
    this.commit();
    const to = pick === undefined ? "snapshot" : (BigInt(pick) % (this.last + 1n)) + 1n;
    const lanes = this.lanes.map((lane) => this.projected.durable(lane));
    this.#sought.seek(to, lanes, this.#tokens.newest);
    this.model.seek(to, this.batches);
    this.#takeUp();
    this.commit();
  }

  #takeUp(): void {
    this.delivery = this.#restored();
    this.#isPaused = false;
    this.#windows.clear();
    const from = this.delivery.frontier();
    this.#next = this.batches.findIndex(({ ref }) => ref.sequence >= from);
    if (this.#next === -1) this.#next = this.batches.length;
    const projected = this.lanes.map((lane) => this.projected.durable(lane));
    expect(this.lanes.map((lane) => this.delivery.durableState(lane))).toEqual(projected);
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
    this.pause(false);
    this.join(1_000, 1_000_000);
    for (let round = 0; round < 500 && this.model.events.some(({ end }) => !end); round += 1) {
      this.offer(10);
      this.grant();
      for (const event of this.model.events) {
        if (event.lease === undefined) continue;
        const at = this.#grants.findIndex(({ lease }) => lease === event.lease?.token);
        const { ref } = this.#grants[at] as Grant;
        if (isOf(ref, event)) this.settle("ack", { grant: at, from: 0, to: ref.count - 1 });
      }
      this.letters(false);
      this.pass(61_000);
    }
    this.delivery.examinedThrough(this.last);
    this.commit(true);
    expect(this.model.events.every(({ end }) => end !== undefined)).toBe(true);
    for (const lane of this.lanes) expectThrough(this.projected, lane, this.last);
  }
}
