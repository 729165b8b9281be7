import type { Server } from "@grpc/grpc-js";
import type { FolderLock } from "@opendxa/pubsub-journal";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Health } from "./grpc/health.js";
import type { LiveCalls } from "./grpc/live-calls.js";
import { BROKER_LIMITS } from "./limits.js";
import type { Namespaces } from "./namespaces.js";

/** The parts of a broker that serves. */
export interface BrokerParts {
  /** Engines. */
  readonly namespaces: Namespaces;
  /** gRPC. */
  readonly grpc: Server;
  /** Cuts its connections. */
  readonly cutConnections: () => void;
  /** HTTP. */
  readonly http: FastifyInstance;
  /** What health checks are answered. */
  readonly health: Health;
  /** Streams that run. */
  readonly live: LiveCalls;
  /** Lock of the data folder. */
  readonly lock: FolderLock;
  /** Log. */
  readonly log: Logger;
}

/** A broker that serves until it is stopped. */
export class RunningBroker {
  readonly #parts: BrokerParts;
  #stopping: Promise<void> | undefined;

  /** Watches the engines: a failed journal makes the broker NOT_SERVING, loudly. */
  constructor(parts: BrokerParts) {
    this.#parts = parts;
    for (const name of parts.namespaces.names) {
      void parts.namespaces.engineOf(name).failed.then((cause) => this.#failed(name, cause));
    }
  }

  /**
   * Stops in order: NOT_SERVING, nothing new, what was accepted is acknowledged, streams end with
   * SHUTTING_DOWN, engines close, ports and folder are given up.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopOnce();
    return this.#stopping;
  }

  async #stopOnce(): Promise<void> {
    const { namespaces, grpc, cutConnections, http, health, live, lock } = this.#parts;
    health.set(false);
    live.shutDown();
    await http.close();
    await Promise.all(namespaces.engines.map((engine) => engine.close()));
    await new Promise<void>((resolve) => {
      const force = setTimeout(cutConnections, BROKER_LIMITS.lastCallsMs);
      grpc.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
    await lock.release();
  }

  #failed(namespace: string, cause: Error): void {
    const { health, log } = this.#parts;
    health.set(false);
    log.fatal(
      { event: "storage_failed", namespace, err: cause },
      "a write or fsync failed: nothing is accepted any more, restart the broker",
    );
  }
}
