/** How a consumer settles what it gets. */
export type Settling =
  /** A delivered batch at a time, in order. */
  | "batches"
  /** Single events, picked at random among those that are held. */
  | "random-events";

/** What a consumer process is asked to do: so many subscriptions, each with one consumer. */
export interface ConsumeTask {
  /** Host and port. */
  readonly address: string;
  /** Names of the subscriptions, which are created. */
  readonly subscriptions: readonly string[];
  /** Topic of all of them. */
  readonly topic: string;
  /** Order of their deliveries. */
  readonly order: "none" | "key";
  /** Where they begin. */
  readonly start: "earliest" | "latest";
  /** How events are settled. */
  readonly settling: Settling;
  /** Events that each of them gets; then the process answers. */
  readonly events: number;
}

/** Every subscription is open; sent once before what was consumed. */
export interface ConsumersOpen {
  /** Always true. */
  readonly isOpen: true;
}

/** What the consumers of one process got. */
export interface Consumed {
  /** Events of all of them, each counted once. */
  readonly events: number;
  /** Events that came more than once. */
  readonly redelivered: number;
  /** Events a second of all of them, from the first delivery to the last verdict. */
  readonly eventsPerSecond: number;
}
