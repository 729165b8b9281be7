import type { VirtualClock } from "@opendxa/pubsub-simulated";
import { HEARTBEAT_MS, SILENCE_MS_MAX } from "./limits.js";

/** Sends heartbeats, and notices when none come. */
export class Heartbeat {
  readonly #clock: VirtualClock;
  readonly #beat: () => void;
  readonly #silent: () => void;
  #timer: unknown;
  #heardMs: number;

  /** Begins. `silent` is called once, after which it has stopped. */
  constructor(clock: VirtualClock, on: { readonly beat: () => void; readonly silent: () => void }) {
    this.#clock = clock;
    this.#beat = on.beat;
    this.#silent = on.silent;
    this.#heardMs = clock.steady();
    this.#next();
  }

  /** Something came from the other side. */
  heard(): void {
    this.#heardMs = this.#clock.steady();
  }

  /** Ends. */
  stop(): void {
    this.#clock.clearTimer(this.#timer);
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(() => {
      if (this.#clock.steady() - this.#heardMs > SILENCE_MS_MAX) {
        this.#silent();
        return;
      }
      this.#beat();
      this.#next();
    }, HEARTBEAT_MS);
  }
}
