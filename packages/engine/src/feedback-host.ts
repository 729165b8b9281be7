import {
  awaitFeedback,
  executionOf,
  externalFeedback,
  fireTimers,
  type Loaded,
  parseTimerKey,
  receiveFeedback,
  registerExecution,
  type StateKey,
  stateKeys,
  submittedFeedback,
  waitOf,
} from "@opendxa/pubsub-core";
import {
  type AwaitFeedbackRequest,
  type AwaitFeedbackResponse,
  type Entry,
  type Event,
  type Execution,
  PubSubError,
  type RegisterExecutionResponse,
  type SubmitFeedbackRequest,
  type SubmitFeedbackResponse,
  type Wait,
  type WaitEnded,
  WaitOutcome,
  type WaitState,
} from "@opendxa/pubsub-protocol";
import type { AppliedEntry } from "./command-loop.js";
import type { DispatchParts } from "./dispatch-parts.js";
import type { DurableReader } from "./durable-reader.js";
import type { ExternalEvent, ExternalOutcome } from "./engine-api.js";
import type { EventLog } from "./event-log.js";
import { openStreamsMax } from "./limits.js";
import type { TopicTable } from "./topic-table.js";

/** What the host works with. */
export interface FeedbackHostParts extends DispatchParts {
  /** State that is durable. */
  readonly state: DurableReader;
  /** Topics by number. */
  readonly topics: TopicTable;
  /** Stored events. */
  readonly events: EventLog;
}

/** Somebody who waits for the end of a wait. */
interface Watcher {
  readonly wake: () => void;
  readonly end: (error: Error) => void;
}

const eventBytes = 512;

/** Executions, feedback and waits: commands, what durable timers fire, and those who wait now. */
export class FeedbackHost {
  readonly #parts: FeedbackHostParts;
  readonly #watchers = new Map<string, Set<Watcher>>();
  #watching = 0;
  #closed: Error | undefined;

  constructor(parts: FeedbackHostParts) {
    this.#parts = parts;
  }

  /** Registers an execution. */
  async registerExecution(execution: Execution): Promise<RegisterExecutionResponse> {
    const reply = await this.#parts.loop.run(registerExecution, { execution }, eventBytes);
    const { existed, matchedPending } = reply;
    return { execution: reply.execution, existed, matchedPending };
  }

  /** An execution as it stands. */
  async getExecution(executionId: string): Promise<Execution> {
    const key = stateKeys.execution(executionId);
    return executionOf(await this.#view(key), executionId);
  }

  /** Takes feedback from a caller. */
  async submit(request: SubmitFeedbackRequest): Promise<SubmitFeedbackResponse> {
    const command = submittedFeedback(request);
    const reply = await this.#parts.loop.run(receiveFeedback, command, eventBytes);
    return { matches: [...reply.matches], pending: reply.pending, duplicate: reply.duplicate };
  }

  /** Takes what a webhook brought. */
  async receive(external: ExternalEvent): Promise<ExternalOutcome> {
    const command = externalFeedback(external);
    const bytes = eventBytes + external.body.length;
    const reply = await this.#parts.loop.run(receiveFeedback, command, bytes);
    const { duplicate, matches, pending, rawOffset = 0n } = reply;
    return { duplicate, matches, pending, offset: rawOffset };
  }

  /** A wait as it stands. */
  async getWait(waitId: string): Promise<Wait> {
    return (await this.#wait(waitId)).wait as Wait;
  }

  /** Stores a wait and yields it; then yields it once more when it has ended. */
  async *awaitFeedback(
    request: AwaitFeedbackRequest,
    signal: AbortSignal,
  ): AsyncGenerator<AwaitFeedbackResponse> {
    const ended = this.#watch(request.waitId);
    try {
      const { wait } = await this.#parts.loop.run(awaitFeedback, request, eventBytes);
      if (isEnded(wait)) {
        yield await this.#response(wait);
        return;
      }
      yield { wait: wait.wait, feedback: [] };
      await ended.orAborted(signal);
      if (!signal.aborted) yield await this.#response(await this.#wait(request.waitId));
    } finally {
      ended.forget();
    }
  }

  /** Takes an entry that became durable: wakes those whose waits ended. */
  onDurable({ entry }: AppliedEntry): void {
    for (const { waitId } of waitsEndedBy(entry)) {
      for (const watcher of this.#watchers.get(waitId) ?? []) watcher.wake();
    }
  }

  /** Ends all waiting calls; the waits themselves go on. */
  close(error: Error): void {
    this.#closed = error;
    for (const watchers of this.#watchers.values()) {
      for (const watcher of watchers) watcher.end(error);
    }
  }

  /** Fires due timers, named by their state keys. */
  async fire(names: readonly string[]): Promise<void> {
    const timers = names.map((name) => parseTimerKey(name));
    await this.#parts.loop.runInternal(fireTimers, { timers });
  }

  async #wait(waitId: string): Promise<WaitState> {
    return waitOf(await this.#view(stateKeys.wait(waitId)), waitId);
  }

  /** One value in the shape in which queries of the core take state. */
  async #view<T>(key: StateKey<T>): Promise<Loaded> {
    const [value] = await this.#parts.state.read([key]);
    return { has: ({ name }) => name === key.name, get: <V>() => value as unknown as V };
  }

  async #response(state: WaitState): Promise<AwaitFeedbackResponse> {
    const feedback: Event[] = [];
    for (const { sequence, index } of state.feedback) {
      const event = await this.#parts.events.eventAt(sequence, index);
      if (event !== undefined) feedback.push(event);
    }
    return { wait: state.wait, feedback };
  }

  #watch(waitId: string): {
    readonly orAborted: (signal: AbortSignal) => Promise<void>;
    readonly forget: () => void;
  } {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#watching >= openStreamsMax) {
      throw PubSubError.of("LIMIT_REACHED", `at most ${openStreamsMax} waiting calls`, {
        metadata: { field: "waits", limit: openStreamsMax },
      });
    }
    let watcher: Watcher | undefined;
    const ended = new Promise<void>((resolve, reject) => {
      watcher = { wake: resolve, end: reject };
    });
    ended.catch(() => undefined);
    const watchers = this.#watchers.get(waitId) ?? new Set();
    watchers.add(watcher as Watcher);
    this.#watchers.set(waitId, watchers);
    this.#watching++;
    return {
      orAborted: (signal) => Promise.race([ended, aborted(signal)]),
      forget: () => {
        watchers.delete(watcher as Watcher);
        if (watchers.size === 0) this.#watchers.delete(waitId);
        this.#watching--;
      },
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function isEnded(state: WaitState): boolean {
  return (state.wait?.outcome ?? WaitOutcome.UNSPECIFIED) !== WaitOutcome.UNSPECIFIED;
}

function waitsEndedBy({ kind }: Entry): readonly Pick<WaitEnded, "waitId">[] {
  switch (kind?.$case) {
    case "executionRegistered":
    case "feedbackReceived":
    case "deadlinesPassed":
      return kind.value.waitsEnded;
    case "waitCancelled":
      return [kind.value];
    default:
      return [];
  }
}
