import {
  type BatchEvent,
  decodeBatch,
  Entry,
  Execution,
  type FeedbackEvent,
} from "@opendxa/pubsub-protocol";
import { batchesProjection } from "../publishing/batches-projection.js";
import type { Operation, Projection } from "../state/operation.js";
import type { AnyStateKey, Loaded, StateKey } from "../state/state-key.js";
import { topicsProjection } from "../topics/topics-projection.js";
import { feedbackProjection } from "./feedback-projection.js";
import { fireTimers } from "./fire-timers.js";
import { type ExternalEvent, submittedFeedback } from "./incoming-feedback.js";
import { timersPerEntryMax } from "./limits.js";
import { type ReceiveFeedbackReply, receiveFeedback } from "./receive-feedback.js";
import { type RegisterExecutionReply, registerExecution } from "./register-execution.js";
import { parseTimerKey, timerKeyPrefix } from "./timer-key.js";

const projections: readonly Projection[] = [
  topicsProjection,
  batchesProjection,
  feedbackProjection,
];

/** State that was fetched; what was not fetched must not be looked at. */
class Fetched implements Loaded {
  readonly #values = new Map<string, unknown>();

  fetch(keys: readonly AnyStateKey[], state: ReadonlyMap<string, Uint8Array>): void {
    for (const key of keys) {
      if (this.#values.has(key.name)) throw new Error(`asked twice for ${key.name}`);
      const bytes = state.get(key.name);
      this.#values.set(key.name, bytes === undefined ? undefined : key.codec.decode(bytes));
    }
  }

  has(key: AnyStateKey): boolean {
    return this.#values.has(key.name);
  }

  get<T>(key: StateKey<T>): T | undefined {
    if (!this.#values.has(key.name)) throw new Error(`not fetched: ${key.name}`);
    return this.#values.get(key.name) as T | undefined;
  }
}

/** An event with its topic, in the order of the journal. */
export interface JournalEvent {
  readonly topic: string;
  readonly event: BatchEvent;
}

/** The smallest engine: a journal in memory and its projected state as bytes. */
export class World {
  readonly journal: Uint8Array[] = [];
  readonly state = new Map<string, Uint8Array>();
  nowMs = 1_800_000_000_000;

  run<C, R>(operation: Operation<C, R>, command: C): R {
    const loaded = new Fetched();
    for (;;) {
      const missing = operation.reads(command, loaded);
      if (missing.length === 0) break;
      loaded.fetch(uniqueKeys(missing), this.state);
    }
    const nextSequence = BigInt(this.journal.length + 1);
    const { entries, reply } = operation.decide(loaded, command, {
      nowMs: this.nowMs,
      nextSequence,
    });
    for (const entry of entries) {
      this.#append(Entry.encode({ ...entry, timeUnixMs: BigInt(this.nowMs) }).finish());
    }
    return reply;
  }

  /** What a restart makes of the same journal. */
  replayed(): World {
    const world = new World();
    for (const bytes of this.journal) world.#append(bytes);
    return world;
  }

  get<T>(key: StateKey<T>): T | undefined {
    const bytes = this.state.get(key.name);
    return bytes === undefined ? undefined : key.codec.decode(bytes);
  }

  loaded(...keys: readonly AnyStateKey[]): Loaded {
    const loaded = new Fetched();
    loaded.fetch(keys, this.state);
    return loaded;
  }

  timers(): string[] {
    return [...this.state.keys()].filter((name) => name.startsWith(timerKeyPrefix)).sort();
  }

  /** Fires everything that is due, as the engine does. */
  settle(): string[] {
    const ended: string[] = [];
    for (;;) {
      const due = this.timers()
        .map(parseTimerKey)
        .filter(({ dueMs }) => dueMs <= this.nowMs);
      if (due.length === 0) return ended;
      const before = this.journal.length;
      const timers = due.slice(0, timersPerEntryMax + 1);
      ended.push(...this.run(fireTimers, { timers }).waitsEnded);
      if (this.journal.length === before) throw new Error(`stuck at ${due[0]?.id}`);
    }
  }

  advance(ms: number): string[] {
    this.nowMs += ms;
    return this.settle();
  }

  events(topic?: string): JournalEvent[] {
    const found = this.journal.flatMap((bytes) =>
      Entry.decode(bytes).batches.flatMap(({ batch }) =>
        batch === undefined
          ? []
          : decodeBatch(batch).map((event) => ({ topic: batch.topic, event })),
      ),
    );
    return topic === undefined ? found : found.filter((event) => event.topic === topic);
  }

  register(fields: Partial<Execution> & { executionId: string }): RegisterExecutionReply {
    const execution = Execution.create({ functionName: "detect_drift", ...fields });
    return this.run(registerExecution, { execution });
  }

  submit(id: string, correlationKeys: string[], comments = "false alarm"): ReceiveFeedbackReply {
    return this.run(receiveFeedback, submission(id, correlationKeys, comments));
  }

  #append(bytes: Uint8Array): void {
    const entry = Entry.decode(bytes);
    const sequence = BigInt(this.journal.push(bytes));
    for (const projection of projections) {
      const loaded = new Fetched();
      for (;;) {
        const missing = projection.reads(entry, sequence, loaded);
        if (missing.length === 0) break;
        loaded.fetch(uniqueKeys(missing), this.state);
      }
      for (const { key, value } of projection.apply(loaded, entry, sequence)) {
        if (value === undefined) this.state.delete(key.name);
        else this.state.set(key.name, key.codec.encode(value).finish());
      }
    }
  }
}

function uniqueKeys(keys: readonly AnyStateKey[]): readonly AnyStateKey[] {
  return [...new Map(keys.map((key) => [key.name, key])).values()];
}

/** A SubmitFeedback of a caller, as a command. */
export function submission(id: string, correlationKeys: string[], comments = "false alarm") {
  return submittedFeedback({
    namespace: "",
    correlationKeys,
    feedback: feedback({ comments }),
    id,
    source: "/people",
    originalType: "",
  });
}

/** Feedback with defaults. */
export function feedback(fields: Partial<FeedbackEvent> = {}): FeedbackEvent {
  return {
    functionId: "",
    executionId: "",
    timestamp: "",
    feedbackType: "user",
    metrics: {},
    context: {},
    suggestions: [],
    ...fields,
  };
}

/** The data of an event as JSON. */
export function dataOf({ event }: JournalEvent): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(event.data)) as Record<string, unknown>;
}

/** A PagerDuty webhook with defaults. */
export function webhook(fields: Partial<ExternalEvent> & { deliveryId: string }): ExternalEvent {
  return {
    system: "pagerduty",
    endpoint: "main",
    type: "external.pagerduty.incident.resolved",
    subject: "PINCIDENT",
    occurredAtMs: 1_799_999_000_000,
    body: new TextEncoder().encode('{"event":{}}'),
    contentType: "application/json",
    keys: [{ key: "pagerduty:dedup:d1", because: "the incident's alert has this dedup key" }],
    feedback: {
      feedbackType: "user",
      metrics: { outcome_score: 0 },
      context: { incident: "PINCIDENT" },
      suggestions: ["raise the threshold"],
      rating: 2,
      comments: "false alarm",
      originalType: "feedback.alert_resolved",
      typedData: { resolution_type: "false_alarm" },
    },
    memory: [],
    ...fields,
  };
}
