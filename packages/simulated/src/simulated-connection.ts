import { DirectedLink } from "./directed-link.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Listener, NetworkEnd, NetworkHandler } from "./simulated-network.js";
import type { VirtualClock } from "./virtual-clock.js";

/** What a connection is made of. */
export interface SimulatedConnectionOptions {
  /** Delivers messages. */
  readonly clock: VirtualClock;
  /** Draws delays and what is lost. */
  readonly random: SeededRandom;
  /** Shortest and longest way of a message, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number];
  /** Messages in one direction that are on their way at most. */
  readonly inFlightMax: number;
  /** Both sides know that it is over. */
  readonly over: () => void;
}

/** A connection: two directions that share one fate. `Up` goes to the listener, `Down` comes back. */
export class SimulatedConnection<Up, Down> {
  /** The side that connected. */
  readonly caller: NetworkEnd<Up>;
  readonly #up: DirectedLink<Up>;
  readonly #down: DirectedLink<Down>;

  /** Not yet connected: see `begin`. */
  constructor({ over, ...options }: SimulatedConnectionOptions) {
    const ended = () => {
      if (this.#up.isOver && this.#down.isOver) over();
    };
    this.#up = new DirectedLink<Up>({ ...options, over: ended });
    this.#down = new DirectedLink<Down>({ ...options, over: ended });
    this.caller = this.#end(this.#up, this.#down);
  }

  /** Tells the listener and takes messages from now on. */
  begin(listener: Listener<Up, Down>, handler: NetworkHandler<Down>): void {
    this.#down.handler = handler;
    this.#up.handler = listener(this.#end(this.#down, this.#up));
  }

  /** Breaks it. */
  reset(): void {
    this.#up.reset();
    this.#down.reset();
  }

  /** Makes it half-open. */
  silence(): void {
    this.#up.silence();
    this.#down.silence();
  }

  /** Slows it down. */
  slow(extraMs: number): void {
    this.#up.slow(extraMs);
    this.#down.slow(extraMs);
  }

  /** Later messages take no longer than usual again. */
  hasten(): void {
    this.#up.hasten();
    this.#down.hasten();
  }

  /** A side sends on one direction, and knows of the end when the other direction told it. */
  #end<Sent>(sends: DirectedLink<Sent>, hears: { readonly isOver: boolean; stop(): void }) {
    return {
      get isOpen() {
        return sends.isOpen && !hears.isOver;
      },
      send: (message: Sent) => {
        if (!hears.isOver) sends.send(message);
      },
      close: () => {
        sends.close();
        hears.stop();
      },
    };
  }
}
