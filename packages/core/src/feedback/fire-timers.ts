import {
  DeadlinesPassed,
  Entry,
  type Execution,
  ExecutionState,
  topicsOf,
  WaitEnded,
  WaitOutcome,
} from "@opendxa/pubsub-protocol";
import { appendReads } from "../publishing/stored-batch.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { EntryAppends } from "./entry-appends.js";
import { expiredEventOf } from "./feedback-events.js";
import { matchTopics } from "./feedback-match.js";
import { timersPerEntryMax } from "./limits.js";
import { pendingReads } from "./pending-matches.js";
import { registrationOf } from "./registration.js";
import type { DueTimer } from "./timer-key.js";

/** Timers that the engine found due, in the order of their keys. */
export interface FireTimersCommand {
  /** Due timers; those beyond `timersPerEntryMax` are left for the next call. */
  readonly timers: readonly DueTimer[];
}

/** What fired. */
export interface FireTimersReply {
  /** Waits that ended. */
  readonly waitsEnded: readonly string[];
  /** Scan and call again at once: some of the given timers were left. */
  readonly hasMore: boolean;
}

const isOfWait = ({ kind }: DueTimer): boolean => kind === "w";
const isOfExecution = ({ kind }: DueTimer): boolean => kind === "x";

function stateKeyOf({ kind, id }: DueTimer): AnyStateKey {
  switch (kind) {
    case "w":
      return stateKeys.wait(id);
    case "x":
      return stateKeys.execution(id);
    case "p":
      return stateKeys.pending(id);
    case "r":
      return stateKeys.received(id);
    case "e":
      throw new RangeError("timers of subscriptions fire by expireSubscription");
  }
}

/** Timers to look at: a round of matching stands alone, because its events fill an entry. */
interface Selection {
  readonly rematch: DueTimer | undefined;
  readonly timers: readonly DueTimer[];
  readonly hasMore: boolean;
}

function isRematch(loaded: Loaded, timer: DueTimer): boolean {
  if (!isOfExecution(timer)) return false;
  const record = loaded.get(stateKeys.execution(timer.id));
  const due = BigInt(timer.dueMs);
  return (
    record?.execution !== undefined &&
    due !== record.execution.deadlineUnixMs &&
    due !== record.closeTimeUnixMs
  );
}

function select(loaded: Loaded, { timers }: FireTimersCommand): Selection {
  const bounded = timers.slice(0, timersPerEntryMax);
  const rematch = bounded.find((timer) => isRematch(loaded, timer));
  const hasMore = rematch === undefined ? timers.length > bounded.length : timers.length > 1;
  return { rematch, timers: bounded, hasMore };
}

function functionTopics(loaded: Loaded, timers: readonly DueTimer[]): string[] {
  const topics = new Set<string>();
  for (const timer of timers) {
    const execution = executionOfTimer(loaded, timer);
    if (execution !== undefined) topics.add(topicsOf.feedback(execution.functionName));
  }
  return [...topics];
}

function executionOfTimer(loaded: Loaded, timer: DueTimer): Execution | undefined {
  if (isOfExecution(timer)) return loaded.get(stateKeys.execution(timer.id))?.execution;
  if (!isOfWait(timer)) return undefined;
  const executionId = loaded.get(stateKeys.wait(timer.id))?.wait?.executionId;
  if (executionId === undefined) return undefined;
  return loaded.get(stateKeys.execution(executionId))?.execution;
}

function waitedExecutions(loaded: Loaded, timers: readonly DueTimer[]): AnyStateKey[] {
  return timers.filter(isOfWait).flatMap(({ id }) => {
    const executionId = loaded.get(stateKeys.wait(id))?.wait?.executionId;
    return executionId === undefined ? [] : [stateKeys.execution(executionId)];
  });
}

function reads(command: FireTimersCommand, loaded: Loaded): readonly AnyStateKey[] {
  const bounded = command.timers.slice(0, timersPerEntryMax);
  const states = missingKeys(loaded, bounded.map(stateKeyOf));
  if (states.length > 0) return states;
  const { rematch } = select(loaded, command);
  if (rematch !== undefined) return rematchReads(loaded, rematch);
  const executions = missingKeys(loaded, waitedExecutions(loaded, bounded));
  if (executions.length > 0) return executions;
  return appendReads(functionTopics(loaded, bounded), loaded);
}

function rematchReads(loaded: Loaded, { id }: DueTimer): readonly AnyStateKey[] {
  const execution = loaded.get(stateKeys.execution(id))?.execution;
  if (execution === undefined) return noKeys;
  const pending = pendingReads(execution, loaded);
  return pending.length > 0 ? pending : appendReads(matchTopics(execution), loaded);
}

/** Facts and events of one entry, collected timer by timer. */
class Firing {
  readonly fact = DeadlinesPassed.create();
  readonly appends = new EntryAppends();
  readonly #loaded: Loaded;
  readonly #nowMs: number;

  constructor(loaded: Loaded, nowMs: number) {
    this.#loaded = loaded;
    this.#nowMs = nowMs;
  }

  get isEmpty(): boolean {
    return Object.values(this.fact).every((list: readonly unknown[]) => list.length === 0);
  }

  fire(timer: DueTimer): void {
    if (timer.dueMs > this.#nowMs) return;
    if (timer.kind === "w") this.#wait(timer);
    else if (timer.kind === "x") this.#execution(timer);
    else if (timer.kind === "p") this.#pending(timer);
    else this.#received(timer);
  }

  /**
   * A wait that ends with its execution's own deadline shares the execution's event: both state the
   * same fact. Any other wait states its own.
   */
  #wait(timer: DueTimer): void {
    const wait = this.#loaded.get(stateKeys.wait(timer.id))?.wait;
    if (wait === undefined || wait.outcome !== WaitOutcome.UNSPECIFIED) return;
    if (wait.deadlineUnixMs !== BigInt(timer.dueMs)) return;
    const { waitId } = wait;
    this.fact.waitsEnded.push(WaitEnded.create({ waitId, outcome: WaitOutcome.EXPIRED }));
    const execution = executionOfTimer(this.#loaded, timer);
    if (execution === undefined || execution.deadlineUnixMs === wait.deadlineUnixMs) return;
    this.#publish(execution, { of: "wait", id: waitId, since: wait.registerTimeUnixMs });
  }

  #execution(timer: DueTimer): void {
    const record = this.#loaded.get(stateKeys.execution(timer.id));
    const execution = record?.execution;
    if (execution === undefined) return;
    const due = BigInt(timer.dueMs);
    if (due === record?.closeTimeUnixMs) {
      if (!record.closed) this.fact.executionsClosed.push(timer.id);
    } else if (execution.state === ExecutionState.OPEN) {
      this.fact.executionsExpired.push(timer.id);
      const { registerTimeUnixMs } = execution;
      this.#publish(execution, { of: "execution", id: timer.id, since: registerTimeUnixMs });
    }
  }

  #pending(timer: DueTimer): void {
    const pending = this.#loaded.get(stateKeys.pending(timer.id));
    if (pending === undefined || pending.orphan) return;
    if (pending.orphanTimeUnixMs === BigInt(timer.dueMs)) this.fact.pendingOrphaned.push(timer.id);
  }

  #received(timer: DueTimer): void {
    const received = this.#loaded.get(stateKeys.received(timer.id));
    if (received?.expireTimeUnixMs === BigInt(timer.dueMs)) {
      this.fact.receivedForgotten.push(timer.id);
    }
  }

  #publish(
    execution: Execution,
    about: { readonly of: "wait" | "execution"; readonly id: string; readonly since: bigint },
  ): void {
    const { of, id, since } = about;
    const waitedMs = BigInt(this.#nowMs) - since;
    const event = expiredEventOf(execution, { of, id, waitedMs }, this.#nowMs);
    this.appends.add(topicsOf.feedback(execution.functionName), event);
  }
}

function decideRematch(
  loaded: Loaded,
  { id, dueMs }: DueTimer,
  context: DecideContext & { readonly hasMore: boolean },
): Decision<FireTimersReply> {
  const record = loaded.get(stateKeys.execution(id));
  const execution = record?.execution;
  if (record === undefined || execution === undefined || dueMs > context.nowMs) return idle;
  const facts = {
    execution,
    closeTimeUnixMs: record.closeTimeUnixMs,
    openWaits: record.waits,
    rematchTimeUnixMs: BigInt(dueMs),
  };
  const { entries, waitsEnded } = registrationOf(loaded, facts, context);
  return { entries, reply: { waitsEnded, hasMore: context.hasMore } };
}

const idle: Decision<FireTimersReply> = {
  entries: [],
  reply: { waitsEnded: [], hasMore: false },
};

function decide(
  loaded: Loaded,
  command: FireTimersCommand,
  context: DecideContext,
): Decision<FireTimersReply> {
  const { rematch, timers, hasMore } = select(loaded, command);
  if (rematch !== undefined) return decideRematch(loaded, rematch, { ...context, hasMore });
  const firing = new Firing(loaded, context.nowMs);
  for (const timer of timers) firing.fire(timer);
  if (firing.isEmpty) return { entries: [], reply: { waitsEnded: [], hasMore } };
  const { created, batches } = firing.appends.plan(loaded, context);
  const entry = Entry.create({ kind: { $case: "deadlinesPassed", value: firing.fact }, batches });
  return {
    entries: [...created, entry],
    reply: { waitsEnded: firing.fact.waitsEnded.map(({ waitId }) => waitId), hasMore },
  };
}

/**
 * Fires due timers: waits and executions expire (with `feedback.expired` for the learners of
 * registered executions), pending feedback becomes an orphan, received feedback is forgotten,
 * executions close, and pending feedback that did not fit its registration is matched. A timer
 * whose cause is gone does nothing.
 */
export const fireTimers: Operation<FireTimersCommand, FireTimersReply> = {
  name: "fire-timers",
  reads,
  decide,
};
