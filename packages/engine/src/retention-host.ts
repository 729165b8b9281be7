import {
  type ExpireEventsCommand,
  type ExpireEventsReply,
  expiredBatchesMax,
  expireEvents,
  expiryPositionsMax,
  forgetDedup,
  purgeTopic,
  type StateWrite,
} from "@opendxa/pubsub-core";
import { PubSubError, type TopicState } from "@opendxa/pubsub-protocol";
import { ClockGuard } from "./clock-guard.js";
import type { AppliedEntry } from "./command-loop.js";
import type { DispatchParts } from "./dispatch-parts.js";
import type { DurableReader } from "./durable-reader.js";
import type { Clock, EngineLog, TimerHandle } from "./environment.js";
import { payloadOf } from "./expiry-payload.js";
import { ExpiryPlanner, type PlannedExpiry } from "./expiry-planner.js";
import { HeldFronts } from "./held-fronts.js";
import {
  retentionPauseMsMax,
  retentionPauseMsMin,
  retentionStepsPerTopicMax,
  retentionTopicsPerPassMax,
} from "./limits.js";
import type { ProducersHost } from "./producers-host.js";
import type { ResidentSubscriptions } from "./resident-subscriptions.js";
import { RetentionSchedule } from "./retention-schedule.js";
import type { ScheduledHost } from "./scheduled-host.js";
import type { TopicTable } from "./topic-table.js";

/** What retention works with. */
export interface RetentionHostParts extends DispatchParts {
  /** State that is durable. */
  readonly state: DurableReader;
  /** Topics with their settings. */
  readonly topics: TopicTable;
  /** What waits for its deliver time. */
  readonly scheduled: ScheduledHost;
  /** What producers stored last. */
  readonly producers: ProducersHost;
  /** Who is concerned. */
  readonly subscriptions: ResidentSubscriptions;
  /** The machine's clock, whose jumps the time of entries hides when they go back. */
  readonly machine: Clock;
  /** Told of what cannot be done. */
  readonly log: EngineLog;
  /** Longest retention of any topic, in milliseconds. */
  readonly retentionMsMax: number;
  /** Time of the newest entry found at start, in milliseconds since the Unix epoch; 0: none. */
  readonly newestEntryMs: number;
  /** When an operator confirmed the clock, in milliseconds since the Unix epoch. */
  readonly clockConfirmedMs: number | undefined;
}

/** What retention has done since the start, and whether it may. */
export interface RetentionStats {
  /** Batches that expired. */
  readonly batchesExpired: number;
  /** The clock is not believed: nothing goes for its age. */
  readonly isTimePaused: boolean;
}

/**
 * Drops what retention and deleted topics leave, in the background: topic by topic, one bounded
 * command at a time.
 */
export class RetentionHost {
  readonly #parts: RetentionHostParts;
  readonly #guard: ClockGuard;
  readonly #fronts = new HeldFronts();
  readonly #planner: ExpiryPlanner;
  readonly #schedule: RetentionSchedule;
  /** What the expiry in flight takes out of the index, by batch. */
  readonly #removals = new Map<string, readonly StateWrite[]>();
  #handle: TimerHandle | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #isLongSleep = false;
  #jumps = 0;
  #batchesExpired = 0;

  constructor(parts: RetentionHostParts) {
    this.#parts = parts;
    const { machine, timers, log, newestEntryMs, clockConfirmedMs: confirmedMs } = parts;
    this.#guard = new ClockGuard({ clock: machine, timers, log, newestEntryMs, confirmedMs });
    this.#planner = new ExpiryPlanner(parts, this.#fronts);
    this.#schedule = new RetentionSchedule(parts.topics);
  }

  /** Begins to look. */
  start(): void {
    this.#guard.start();
    this.#sleep(retentionPauseMsMin);
  }

  /** Figures. */
  get stats(): RetentionStats {
    return { batchesExpired: this.#batchesExpired, isTimePaused: this.#guard.isPaused };
  }

  /** Index keys that an expiry of this host takes away. Call once for its durable entry. */
  removalsOf({ entry }: AppliedEntry): StateWrite[] {
    if (entry.kind?.$case !== "eventsExpired") return [];
    return entry.kind.value.batches.flatMap(({ sequence, firstIndex }) => {
      const removal = this.#removals.get(`${sequence}/${firstIndex}`);
      if (removal === undefined) throw new Error(`entry ${sequence} expired by somebody else`);
      return removal;
    });
  }

  /** Takes an entry that became durable. */
  onDurable({ entry }: AppliedEntry): void {
    let isWorkNear = false;
    for (const { topicId } of entry.batches) {
      if (this.#schedule.stored(topicId)) isWorkNear = true;
    }
    const { kind } = entry;
    switch (kind?.$case) {
      case "eventsReleased":
        if (this.#schedule.stored(kind.value.batch?.topicId ?? 0)) isWorkNear = true;
        break;
      case "topicUpdated":
        this.#schedule.changed(kind.value.topic?.topicId ?? 0);
        isWorkNear = true;
        break;
      case "topicDeleted":
        this.#schedule.forget(kind.value.topicId);
        isWorkNear = true;
        break;
      case "topicCreated":
        this.#begun(kind.value.topic);
        isWorkNear = true;
        break;
      case "eventsExpired":
        this.#batchesExpired += kind.value.batches.length;
        break;
      default:
        // Every other kind changes nothing of retention.
        break;
    }
    if (isWorkNear) this.#wakeSoon();
  }

  /** Nothing in a new topic can be old before it is: 100,000 of them are looked at no sooner. */
  #begun(topic: TopicState | undefined): void {
    if (topic === undefined) return;
    const { ageMs } = this.#ruleOf(topic);
    if (ageMs !== undefined) this.#schedule.done(topic.topicId, this.#parts.clock.now() + ageMs);
  }

  /** Stops, and resolves when nothing is in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#guard.stop();
    this.#parts.timers.clearTimer(this.#handle);
    await this.#running;
  }

  #sleep(delayMs: number): void {
    if (this.#isClosed) return;
    this.#isLongSleep = delayMs > retentionPauseMsMin;
    this.#handle = this.#parts.timers.setTimer(() => this.#wake(), delayMs);
  }

  /** A running pass looks at the schedule when it ends. */
  #wakeSoon(): void {
    if (!this.#isLongSleep) return;
    this.#parts.timers.clearTimer(this.#handle);
    this.#sleep(retentionPauseMsMin);
  }

  #wake(): void {
    this.#isLongSleep = false;
    this.#running = this.#pass().then(() => {
      this.#running = undefined;
      const untilMs = this.#schedule.nextMs() - this.#parts.clock.now();
      const delayMs = this.#parts.topics.deleted().length > 0 ? 0 : untilMs;
      this.#sleep(Math.min(retentionPauseMsMax, Math.max(retentionPauseMsMin, delayMs)));
    });
  }

  async #pass(): Promise<void> {
    this.#forgetAfterJump();
    for (const topic of this.#parts.topics.deleted()) {
      await this.#guarded(topic.topicId, () => this.#purge(topic));
    }
    const nowMs = this.#parts.clock.now();
    for (const topicId of this.#schedule.due(nowMs, retentionTopicsPerPassMax)) {
      await this.#guarded(topicId, () => this.#topic(topicId));
    }
  }

  /** A topic that cannot be read, because of damage, must not keep the others from their turn. */
  async #guarded(topicId: number, work: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return;
    try {
      await work();
    } catch (error) {
      const { topics, log, clock } = this.#parts;
      const { message, reason, metadata } = PubSubError.from(error);
      const topic = topics.nameOf(topicId);
      const facts = { ...metadata, topic, reason, cause: message };
      log.warn("retention of a topic could not go on; it is tried again", facts);
      this.#schedule.done(topicId, clock.now() + retentionPauseMsMax);
    }
  }

  #forgetAfterJump(): void {
    const { jumps } = this.#guard;
    if (this.#jumps === jumps) return;
    this.#jumps = jumps;
    this.#schedule.clear();
    this.#fronts.clear();
  }

  async #purge(topic: TopicState): Promise<void> {
    for (let step = 0; step < retentionStepsPerTopicMax && !this.#isClosed; step++) {
      const plan = await this.#planner.planAll(topic);
      if (plan === undefined) {
        await this.#purgeRest(topic.topicId);
        return;
      }
      await this.#expire(topic, plan, true);
    }
  }

  /** What a topic without events has left: what waits, what is remembered, the topic itself. */
  async #purgeRest(topicId: number): Promise<void> {
    const { loop, scheduled, producers } = this.#parts;
    for (let step = 0; step < retentionStepsPerTopicMax && !this.#isClosed; step++) {
      const hasMore =
        (await scheduled.dropSome(topicId)) ||
        (await loop.runInternal(forgetDedup, { topicId })) ||
        (await producers.forgetSomeOf(topicId));
      if (hasMore) continue;
      await loop.runInternal(purgeTopic, { topicId });
      return;
    }
  }

  async #topic(topicId: number): Promise<void> {
    for (let step = 0; step < retentionStepsPerTopicMax && !this.#isClosed; step++) {
      this.#schedule.begin(topicId);
      const topic = this.#parts.topics.byId(topicId);
      if (topic === undefined) return;
      const nowMs = this.#parts.clock.now();
      const { expiries, nextMs } = await this.#planner.plan(topic, {
        nowMs,
        ...this.#ruleOf(topic),
      });
      for (const plan of expiries) {
        if (!(await this.#expire(topic, plan, false))) return;
      }
      if (expiries.length > 0) continue;
      this.#schedule.done(topicId, Math.min(nextMs, nowMs + this.#lookAgainMs()));
      return;
    }
  }

  #ruleOf({ topic }: TopicState): { ageMs: number | undefined; bytesMax: number | undefined } {
    const { retentionMs = 0n, retentionBytes = 0n } = topic?.settings ?? {};
    const ageMs = Math.min(Number(retentionMs), this.#parts.retentionMsMax);
    return {
      ageMs: this.#guard.isPaused ? undefined : ageMs,
      bytesMax: retentionBytes === 0n ? undefined : Number(retentionBytes),
    };
  }

  /** While the clock is not believed, whether it is by now is looked at in every pass. */
  #lookAgainMs(): number {
    return this.#guard.isPaused ? retentionPauseMsMax : Number.POSITIVE_INFINITY;
  }

  /** Choosing needs an index that holds all that is durable. */
  async #caughtUp(): Promise<void> {
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
  }

  /** Executions own keys that begin with the broker's own name. */
  async #hasExecutions(): Promise<boolean> {
    const scope = { gte: "k/opendxa:", lt: "k/opendxa;", limit: 1 };
    return (await this.#parts.index.scan(scope)).length > 0;
  }

  /** Answers whether the topic is still what the plan was made for. */
  async #expire(topic: TopicState, plan: PlannedExpiry, isDeleted: boolean): Promise<boolean> {
    const { gate, subscriptions } = this.#parts;
    const name = topic.topic?.name ?? "";
    const concerned = () => subscriptions.concernedBy(name, plan.refs);
    const payload = await payloadOf(plan, {
      ...this.#parts,
      canBeHeld: !isDeleted && (await this.#hasExecutions()),
      batchesMax: batchesFor(concerned().idle.length),
    });
    const { candidates } = payload;
    const above = plan.refs[candidates.length]?.baseOffset ?? plan.aboveOffset;
    for (const [i, { ref }] of candidates.entries()) {
      const { sequence, firstIndex } = ref.payload;
      this.#removals.set(`${sequence}/${firstIndex}`, payload.removals[i] ?? []);
    }
    const command = {
      topic,
      isDeleted,
      partition: plan.partition,
      candidates,
      keptOffset: plan.keptOffset,
      aboveOffset: above,
      subscriptions: concerned,
    };
    const reply = await gate.exclusive(() => this.#run(command));
    this.#hold(
      topic,
      { ...plan, refs: candidates.map(({ ref }) => ref), aboveOffset: above },
      reply,
    );
    return !reply.isOutdated;
  }

  /** Resolves when the index holds what expired, so that nobody finds it there any more. */
  async #run(command: ExpireEventsCommand): Promise<ExpireEventsReply> {
    try {
      const reply = await this.#parts.loop.runInternal(expireEvents, command);
      await this.#caughtUp();
      return reply;
    } finally {
      this.#removals.clear();
    }
  }

  #hold({ topicId }: TopicState, plan: PlannedExpiry, { held }: ExpireEventsReply): void {
    const [first] = held;
    if (first === undefined) return;
    const offsets = new Set(held.map(({ baseOffset }) => baseOffset));
    const bytes = plan.refs.filter(({ baseOffset }) => offsets.has(baseOffset));
    this.#fronts.hold(topicId, plan.partition, {
      from: plan.aboveOffset,
      keptOffset: first.baseOffset,
      bytes: bytes.reduce((sum, ref) => sum + ref.bytes, 0),
      untilMs: Math.min(...held.map(({ untilMs }) => untilMs)),
      nowMs: this.#parts.clock.now(),
    });
  }
}

/** Batches of one command, so that its work for subscriptions without consumers is bounded. */
function batchesFor(idle: number): number {
  const perBatch = Math.floor(expiryPositionsMax / Math.max(1, idle));
  return Math.max(1, Math.min(expiredBatchesMax, perBatch));
}
