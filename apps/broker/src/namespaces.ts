import type { Engine } from "@opendxa/pubsub-engine";
import { namespaceNotFound } from "./errors.js";

/** Namespace of requests that name none. */
export const DEFAULT_NAMESPACE = "default";

/** The engines of this broker by namespace. */
export class Namespaces {
  readonly #engines: ReadonlyMap<string, Engine>;

  /** Serves these engines, in the order of the configuration. */
  constructor(engines: ReadonlyMap<string, Engine>) {
    this.#engines = engines;
  }

  /** Names in the order of the configuration. */
  get names(): string[] {
    return [...this.#engines.keys()];
  }

  /** Every engine. */
  get engines(): Engine[] {
    return [...this.#engines.values()];
  }

  /** The first engine: start number and index engine are the same for all. */
  get first(): Engine {
    const [engine] = this.#engines.values();
    if (engine === undefined) throw new Error("a broker has at least one namespace");
    return engine;
  }

  /** Engine of a namespace; empty means `default`. @throws PubSubError NAMESPACE_NOT_FOUND */
  engineOf(namespace: string): Engine {
    const name = namespace === "" ? DEFAULT_NAMESPACE : namespace;
    const engine = this.#engines.get(name);
    if (engine === undefined) throw namespaceNotFound(name);
    return engine;
  }
}
