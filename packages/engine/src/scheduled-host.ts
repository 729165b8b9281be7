import {
  cancelRemoval,
  cancelScheduled,
  dropScheduled,
  indexesIds,
  type PayloadPosition,
  parseScheduledTimer,
  releaseScheduled,
  requireText,
  type StateWrite,
  stateKeys,
} from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import {
  type CancelScheduledEventRequest,
  EVENT_ID_BYTES_MAX,
  PubSubError,
  type ScheduledCancelled,
  ScheduledEventRef,
  TEXT_BYTES_MAX,
} from "@opendxa/pubsub-protocol";
import type { AppliedEntry, CommandLoop } from "./command-loop.js";
import type { EntryReader } from "./delivery-builder.js";
import type { DurableReader } from "./durable-reader.js";
import type { IndexWriter } from "./index-writer.js";
import { scanPageMax } from "./limits.js";
import type { TopicTable } from "./topic-table.js";

/** What the host works with. */
export interface ScheduledHostParts {
  /** Where the batches are decided. */
  readonly loop: CommandLoop;
  /** Index of payload. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** Entries by sequence. */
  readonly reader: EntryReader;
  /** State that is durable. */
  readonly state: DurableReader;
  /** Topics by name and number. */
  readonly topics: TopicTable;
}

/** What leaves the index with a cancellation, and how many commands may be the one that does it. */
interface PreparedRemoval {
  readonly writes: readonly StateWrite[];
  commands: number;
}

type Cancelled = Omit<ScheduledCancelled, "nothingLeft">;

function removalKey({ payloadSequence, payloadFirstIndex, indexes }: Cancelled): string {
  return `${payloadSequence}/${payloadFirstIndex}/${indexes.join(",")}`;
}

/** Releases, cancels and drops batches that wait for their deliver time. */
export class ScheduledHost {
  readonly #parts: ScheduledHostParts;
  /** Keys of single events, prepared because an entry's changes are taken at once. */
  readonly #removals = new Map<string, PreparedRemoval>();

  constructor(parts: ScheduledHostParts) {
    this.#parts = parts;
  }

  /** Releases batches that are due, named by the state keys of their timers. */
  async release(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#release(parseScheduledTimer(name))));
  }

  async #release(at: PayloadPosition): Promise<void> {
    const outcome = await this.#parts.loop.runInternal(releaseScheduled, at);
    if (outcome === "orphaned") await this.#drop(at);
  }

  /** Cancels an event; false: it was released before. Throws TOPIC_NOT_FOUND, EVENT_NOT_FOUND, BAD_REQUEST. */
  async cancel({ topic, source, id }: CancelScheduledEventRequest): Promise<boolean> {
    requireText("source", source, { bytesMin: 1, bytesMax: TEXT_BYTES_MAX });
    requireText("id", id, { bytesMin: 1, bytesMax: EVENT_ID_BYTES_MAX });
    const topicId = this.#parts.topics.byName(topic)?.topicId;
    const key = stateKeys.scheduledEvent(topicId ?? 0, { source, id });
    const [ref] = await this.#parts.state.read([key]);
    const cancel = (isReleased: boolean) =>
      this.#parts.loop.run(cancelScheduled, { topic, source, id, isReleased });
    if (topicId === undefined) return await cancel(false);
    try {
      if (ref === undefined) return await cancel(await this.#isInLog(topicId, { source, id }));
      const { payloadSequence, payloadFirstIndex, index } = ref;
      const fact = { payloadSequence, payloadFirstIndex, indexes: [index] };
      return await this.#removing(fact, () => cancel(false));
    } catch (error) {
      const isUnknown = PubSubError.from(error).reason === "EVENT_NOT_FOUND";
      // It waited when it was looked for: it may have been released in between.
      const isReleased = isUnknown && ref !== undefined;
      if (isReleased && (await this.#isInLog(topicId, { source, id }))) return false;
      throw error;
    }
  }

  /** Drops some batches of a deleted topic; answers whether others may wait still. */
  async dropSome(topicId: number): Promise<boolean> {
    await this.#caughtUp();
    const scope = prefixScope(
      stateKeys.scheduledEvent(topicId, { source: "", id: "" }).name.slice(0, -1),
    );
    const found = await this.#parts.index.scan({ ...scope, limit: scanPageMax });
    const batches = new Map<string, PayloadPosition>();
    for (const { value } of found) {
      const { payloadSequence, payloadFirstIndex } = ScheduledEventRef.decode(value);
      const at = { payloadSequence, payloadFirstIndex };
      batches.set(`${payloadSequence}/${payloadFirstIndex}`, at);
    }
    for (const at of batches.values()) await this.#drop(at);
    return found.length > 0;
  }

  /** Index keys that a cancellation of this host takes away. Call once for its durable entry. */
  removalsOf({ entry }: AppliedEntry): StateWrite[] {
    if (entry.kind?.$case !== "scheduledCancelled") return [];
    const fact = entry.kind.value;
    const prepared = this.#removals.get(removalKey(fact));
    if (prepared === undefined) throw new Error("scheduled events were cancelled by somebody else");
    return [...cancelRemoval(fact, undefined, () => 0), ...prepared.writes];
  }

  async #drop({ payloadSequence, payloadFirstIndex }: PayloadPosition): Promise<void> {
    const at = { payloadSequence, payloadFirstIndex };
    const fact = { ...at, indexes: [] };
    await this.#removing(fact, () => this.#parts.loop.runInternal(dropScheduled, at));
  }

  /** Runs a command that may be the one that cancels these events. */
  async #removing<T>(fact: Cancelled, run: () => Promise<T>): Promise<T> {
    const { reader, topics } = this.#parts;
    const entry = await reader.read(fact.payloadSequence);
    const named = { ...fact, nothingLeft: false };
    const writes = cancelRemoval(named, entry, (id) => topics.indexOf(id));
    const key = removalKey(fact);
    const prepared = this.#removals.get(key) ?? { writes, commands: 0 };
    prepared.commands += 1;
    this.#removals.set(key, prepared);
    try {
      return await run();
    } finally {
      prepared.commands -= 1;
      if (prepared.commands === 0) this.#removals.delete(key);
    }
  }

  /** Whether an event is stored and waits no more, as far as its topic indexes ids. */
  async #isInLog(topicId: number, event: { source: string; id: string }): Promise<boolean> {
    if (!indexesIds(this.#parts.topics.indexOf(topicId))) return false;
    await this.#caughtUp();
    const { name } = stateKeys.eventId(topicId, event, { sequence: 0n, index: 0 });
    const scope = prefixScope(name.slice(0, -25));
    return (await this.#parts.index.scan({ ...scope, limit: 1 })).length > 0;
  }

  async #caughtUp(): Promise<void> {
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
  }
}
