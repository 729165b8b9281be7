import type { ServerDuplexStream } from "@grpc/grpc-js";
import { toServiceError } from "@opendxa/pubsub-protocol/grpc";
import type { Incidents } from "../incidents.js";
import type { StreamTransport } from "../streams/stream-transport.js";

/** Sends a session's messages on a call of grpc-js, and its errors with their details. */
export class GrpcStreamTransport<Message> implements StreamTransport<Message> {
  readonly #call: ServerDuplexStream<Buffer, Message>;
  readonly #incidents: Incidents;
  readonly #method: string;
  /** Called once when the stream ends from this side. */
  onEnd: () => void = () => undefined;
  #hasEnded = false;

  /** Sends on one call. */
  constructor(call: ServerDuplexStream<Buffer, Message>, incidents: Incidents, method: string) {
    this.#call = call;
    this.#incidents = incidents;
    this.#method = method;
  }

  /** Sends a message. */
  send(message: Message): boolean {
    if (this.#hasEnded || this.#call.cancelled) return true;
    return this.#call.write(message);
  }

  /** Ends the call. */
  end(error?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.onEnd();
    if (this.#call.cancelled) return;
    if (error === undefined) this.#call.end();
    else {
      this.#call.emit("error", toServiceError(this.#incidents.errorFor(error, this.#method)));
    }
  }

  /** Stops reading. */
  pauseReading(): void {
    this.#call.pause();
  }

  /** Reads on. */
  resumeReading(): void {
    if (!this.#hasEnded) this.#call.resume();
  }
}
