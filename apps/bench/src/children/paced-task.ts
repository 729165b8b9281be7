/** What a paced publisher is asked to do: events that say when they were due. */
export interface PacedTask {
  /** Host and port. */
  readonly address: string;
  /** Topic. */
  readonly topic: string;
  /** Ordering keys that events have in turn. */
  readonly keys: number;
  /** One of so many events is of the first key instead. */
  readonly firstKeyEvery: number;
  /** Events of a second. */
  readonly eventsPerSecond: number;
  /** Events in all. */
  readonly events: number;
}

/** Number of the ordering key of an event. */
export function keyOf(number: number, { keys, firstKeyEvery }: PacedTask): number {
  return number % firstKeyEvery === 0 ? 0 : number % keys;
}

/** What consumers with handlers are asked to do. */
export interface HandleTask {
  /** Host and port. */
  readonly address: string;
  /** Topic. */
  readonly topic: string;
  /** Name of the subscription, which is created. */
  readonly subscription: string;
  /** Order of its deliveries. */
  readonly order: "none" | "key";
  /** Consumers, of which the first `stuck` never settle anything. */
  readonly consumers: number;
  /** See `consumers`. */
  readonly stuck: number;
  /** Unsettled events of one consumer: what one that is stuck takes away from the others. */
  readonly creditEvents: number;
  /** A key whose events are not measured. */
  readonly keyApart: string | undefined;
  /** The events of that key are given back for ever. */
  readonly isPoisoned: boolean;
  /** First deliveries of other events after which the answer comes. */
  readonly events: number;
}

/** How late other events were handled, counted from when they were due. */
export interface Handled {
  /** p50, in milliseconds. */
  readonly msP50: number;
  /** p99, in milliseconds. */
  readonly msP99: number;
}
