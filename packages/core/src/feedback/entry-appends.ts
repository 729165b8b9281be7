import {
  type Entry,
  estimateEventBytes,
  type OutgoingEvent,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import { type AppendPosition, planAppends } from "../publishing/stored-batch.js";
import type { DecideContext } from "../state/operation.js";
import type { Loaded } from "../state/state-key.js";

/** Where an event was put, before its position is known. */
export interface Placed {
  /** Topic. */
  readonly topic: string;
  /** Index among the entry's events of this topic. */
  readonly at: number;
}

/** Events of one entry with their positions. */
export interface PlannedEvents {
  /** Topics that come into being, before the entry. */
  readonly created: readonly Entry[];
  /** Batches of the entry, one a topic. */
  readonly batches: StoredBatch[];
  /** Position of a placed event. */
  position(placed: Placed): AppendPosition;
}

/** Collects the events of one entry, so that each topic gets one batch. */
export class EntryAppends {
  readonly #byTopic = new Map<string, OutgoingEvent[]>();
  #bytes = 0;

  /** About how many bytes of its entry the events take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an event to a topic. */
  add(topic: string, event: OutgoingEvent): Placed {
    const events = this.#byTopic.get(topic) ?? [];
    this.#byTopic.set(topic, events);
    this.#bytes += estimateEventBytes(event);
    return { topic, at: events.push(event) - 1 };
  }

  /** Gives every event its position. Topic and partition states must be loaded. */
  plan(loaded: Loaded, context: DecideContext): PlannedEvents {
    const topics = [...this.#byTopic.keys()];
    const appends = [...this.#byTopic].map(([topic, events]) => ({ topic, events }));
    const { created, batches, positions } = planAppends(loaded, appends, context);
    return {
      created,
      batches,
      position: ({ topic, at }) => positions[topics.indexOf(topic)]![at]!,
    };
  }
}
