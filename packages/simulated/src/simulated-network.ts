import type { SeededRandom } from "./seeded-random.js";
import { SimulatedConnection } from "./simulated-connection.js";
import type { VirtualClock } from "./virtual-clock.js";

/** One side of a connection, as its program uses it. */
export interface NetworkEnd<Sent> {
  /** Sends a message; nothing happens once the connection is over for this side. */
  send(message: Sent): void;
  /** Ends the connection in order: the other side gets everything that was sent before. */
  close(): void;
  /** Whether this side still believes the connection to be there. */
  readonly isOpen: boolean;
}

/** What one side is told. */
export interface NetworkHandler<Received> {
  /** A message of the other side, in the order of sending. */
  message(message: Received): void;
  /** The connection is over, told once: closed by the other side, or broken. */
  ended(how: "closed" | "reset"): void;
}

/** Takes connections: answers the handler of the listening side. */
export type Listener<Up, Down> = (end: NetworkEnd<Down>) => NetworkHandler<Up>;

/** What a network is made of. */
export interface SimulatedNetworkOptions {
  /** Delivers messages. */
  readonly clock: VirtualClock;
  /** Draws delays and what is lost. */
  readonly random: SeededRandom;
  /** Shortest and longest way of a message, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number];
  /** Messages of one connection and direction that are on their way at most; more throw. */
  readonly inFlightMax?: number;
}

const inFlightMaxDefault = 100_000;

/**
 * Connections between programs of one simulated world. Messages of a connection arrive in order,
 * after delays that the seed decides; connections are reset, go silent or slow when told. What is on
 * its way when a connection is reset may arrive up to some message, never with a gap.
 */
export class SimulatedNetwork {
  readonly #options: SimulatedNetworkOptions;
  readonly #open = new Set<
    Pick<SimulatedConnection<never, never>, "reset" | "silence" | "slow" | "hasten">
  >();

  /** A network without connections. */
  constructor(options: SimulatedNetworkOptions) {
    this.#options = options;
  }

  /** Connections that have not ended for both sides. */
  get connections(): number {
    return this.#open.size;
  }

  /** Connects a program to a listener; messages may be sent at once. */
  connect<Up, Down>(listener: Listener<Up, Down>, handler: NetworkHandler<Down>): NetworkEnd<Up> {
    const { inFlightMax = inFlightMaxDefault, ...options } = this.#options;
    const connection = new SimulatedConnection<Up, Down>({
      ...options,
      inFlightMax,
      over: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    connection.begin(listener, handler);
    return connection.caller;
  }

  /** Breaks a connection that the seed picks; each side learns of it after a delay of its own. */
  resetOne(): void {
    this.#pick()?.reset();
  }

  /** Breaks all connections, as the end of a machine does. */
  resetAll(): void {
    for (const connection of [...this.#open]) connection.reset();
  }

  /** Makes a connection that the seed picks half-open: from now on nothing arrives, nobody is told. */
  silenceOne(): void {
    this.#pick()?.silence();
  }

  /** Adds a delay to all later messages of a connection that the seed picks. */
  slowOne(extraMs: number): void {
    this.#pick()?.slow(extraMs);
  }

  /** Takes such delays away from the later messages of all connections. */
  hastenAll(): void {
    for (const connection of this.#open) connection.hasten();
  }

  #pick() {
    const open = [...this.#open];
    return open.length === 0 ? undefined : open[this.#options.random.nextInt(0, open.length - 1)];
  }
}
