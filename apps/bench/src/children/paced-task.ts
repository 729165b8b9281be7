/** What a paced publisher is asked to do: events that say when they were due. */
export interface PacedTask {
  /** Host and port. */
  readonly address: string;
  /** Topic. */
  readonly topic: string;
  /** Ordering keys, at least 2: the first has a share of its own, the others come in turn. */
  readonly keys: number;
  /** One of so many events is of the first key. */
  readonly firstKeyEvery: number;
  /** Events of a second. */
  readonly eventsPerSecond: number;
  /** Events in all. */
  readonly events: number;
}

/** Number of the ordering key of an event. */
export function keyOf(
  number: number,
  { keys, firstKeyEvery }: Pick<PacedTask, "keys" | "firstKeyEvery">,
): number {
  if (number % firstKeyEvery === 0) return 0;
  const ofOthers = number - Math.floor(number / firstKeyEvery) - 1;
  return 1 + (ofOthers % (keys - 1));
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
  /** So many of them come first and are not looked at: compiled code and grown caches. */
  readonly warmUpEvents: number;
}

/** How late other events were handled, counted from when they were due. */
export interface Handled {
  /** p50, in milliseconds. */
  readonly msP50: number;
  /** p99, in milliseconds. */
  readonly msP99: number;
}
