import type { PubSubError } from "@opendxa/pubsub-protocol";

/**
 * How a client stands: `connecting` before its first answer, `connected`, `reconnecting` while a
 * broker that had answered, or one of its streams, does not answer; `closed`.
 */
export type ClientState = "connecting" | "connected" | "reconnecting" | "closed";

/** A client's state changed. */
export interface StateChange {
  /** State now. */
  readonly state: ClientState;
  /** State before. */
  readonly previous: ClientState;
  /** Why, where an error caused it. */
  readonly error: PubSubError | undefined;
}

/** Called with every change. */
export type StateListener = (change: StateChange) => void;

/** The part that single requests are. */
export const REQUESTS = "requests";

/** One state out of everything that a client has open. */
export class StateTracker {
  readonly #listeners = new Set<StateListener>();
  readonly #down = new Set<string>();
  #state: ClientState = "connecting";

  /** State now. */
  get state(): ClientState {
    return this.#state;
  }

  /** Calls `listener` with every change from now on; the answer ends that. */
  onChange(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A part has an answering broker, and so have single requests, which nobody repeats for this. */
  up(part: string): void {
    this.#down.delete(part);
    this.#down.delete(REQUESTS);
    if (this.#down.size === 0) this.#change("connected", undefined);
  }

  /** A part has none. */
  down(part: string, error: PubSubError): void {
    this.#down.add(part);
    if (this.#state === "connected") this.#change("reconnecting", error);
  }

  /** A part is no longer there. */
  gone(part: string): void {
    if (this.#down.delete(part) && this.#down.size === 0) this.#change("connected", undefined);
  }

  /** The client is closed. */
  close(): void {
    this.#change("closed", undefined);
  }

  #change(state: ClientState, error: PubSubError | undefined): void {
    const previous = this.#state;
    if (previous === state || previous === "closed") return;
    this.#state = state;
    for (const listener of this.#listeners) listener({ state, previous, error });
  }
}
