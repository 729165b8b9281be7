import { randomBytes } from "node:crypto";
import { isCancellation, PubSubError } from "@opendxa/pubsub-protocol";
import type { Logger } from "pino";

/** Turns whatever was caught into an error of the contract; faults get a number and a log line. */
export class Incidents {
  readonly #log: Logger;

  /** Logs faults here. */
  constructor(log: Logger) {
    this.#log = log;
  }

  /** The typed error for a caller; never the text of a fault, which may hold anything. */
  errorFor(caught: unknown, where: string): PubSubError {
    if (isCancellation(caught)) return PubSubError.of("CLIENT_CLOSED", "the caller gave up");
    const error = PubSubError.from(caught);
    if (error.reason !== "INTERNAL" && error.reason !== "UNSPECIFIED") return error;
    const incident = this.report(caught, where);
    return PubSubError.of("INTERNAL", `a fault of the broker, incident ${incident}`, {
      metadata: { incident },
    });
  }

  /** Logs a fault and answers its number. */
  report(caught: unknown, where: string): string {
    const incident = randomBytes(6).toString("hex");
    this.#log.error({ event: "incident", incident, where, err: caught }, "a fault of the broker");
    return incident;
  }
}
