import type { Server } from "@grpc/grpc-js";
import { services } from "@opendxa/pubsub-protocol/grpc";
import { HealthImplementation } from "grpc-health-check";

/** Names that answer health checks: the whole broker, and every service of the contract. */
const NAMES: readonly string[] = ["", ...Object.values(services).map(({ fullName }) => fullName)];

/** Whether the broker accepts requests, as `grpc.health.v1.Health` and the HTTP door tell it. */
export class Health {
  readonly #implementation = new HealthImplementation(
    Object.fromEntries(NAMES.map((name) => [name, "NOT_SERVING" as const])),
  );
  #isServing = false;

  /** The broker accepts requests. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Says so, or not any more, for the broker and each of its services. */
  set(isServing: boolean): void {
    this.#isServing = isServing;
    for (const name of NAMES) {
      this.#implementation.setStatus(name, isServing ? "SERVING" : "NOT_SERVING");
    }
  }

  /** Answers checks on a server. */
  addToServer(server: Server): void {
    this.#implementation.addToServer(server);
  }
}
