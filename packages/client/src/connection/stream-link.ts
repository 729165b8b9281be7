import type { ClientDuplexStream } from "@grpc/grpc-js";
import { HEARTBEATS_MISSED_MAX, PubSubError } from "@opendxa/pubsub-protocol";
import { STREAM_OPEN_TIMEOUT_MS } from "../limits.js";
import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";
import { transportError } from "./transport-error.js";

/** What a stream of one kind does; the link does the rest. */
export interface LinkActions<Request, Response> {
  /** Begins a call. */
  call(): ClientDuplexStream<Request, Response>;
  /** First message of a new stream. */
  openMessage(): Request;
  /** Sent when nothing else was sent for a heartbeat. */
  heartbeat(): Request;
  /** Takes a message; answers the agreed heartbeat in milliseconds when it is the stream's first. */
  received(response: Response): number | undefined;
  /** Whether a stream is opened again after an error that no retry cures. Absent: never. */
  opensAgainAfter?(error: PubSubError): boolean;
  /** The stream broke, and will be opened again. */
  broke(error: PubSubError): void;
  /** The stream has room again. */
  drained(): void;
  /** It ended for good: by an error that no retry cures, or after {@link StreamLink.finish}. */
  ended(error: PubSubError | undefined): void;
}

const TICKS_PER_HEARTBEAT = 2;

/**
 * A stream both ways that outlives its calls: it opens them anew with full-jitter backoff, keeps
 * heartbeats in both directions and takes three missing ones for a loss.
 */
export class StreamLink<Request, Response> {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #actions: LinkActions<Request, Response>;
  readonly #backoff = new Backoff();
  #call: ClientDuplexStream<Request, Response> | undefined;
  #isOpen = false;
  #isFinishing = false;
  #hasEnded = false;
  #hasSent = true;
  #silentTicks = 0;
  #openTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #heartbeatTimer: NodeJS.Timeout | undefined;

  /** Prepares a link; {@link start} opens it. */
  constructor(connection: Connection, name: string, actions: LinkActions<Request, Response>) {
    this.#connection = connection;
    this.#name = name;
    this.#actions = actions;
  }

  /** A stream is open and agreed on. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** It ended for good. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Opens the first stream. */
  start(): void {
    this.#connection.closing.addEventListener("abort", this.#onClosing, { once: true });
    void this.#open();
  }

  /** Sends a message; answers false when the stream is full. Only while {@link isOpen}. */
  send(request: Request): boolean {
    if (this.#call === undefined) return false;
    this.#hasSent = true;
    return this.#call.write(request);
  }

  /** Sends nothing more; the broker answers what is under way and ends the stream. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#isOpen) this.#call?.end();
    else this.#end(undefined);
  }

  /** Ends it at once. */
  cancel(error: PubSubError | undefined): void {
    this.#end(error);
  }

  readonly #onClosing = () => {
    this.#end(PubSubError.of("CLIENT_CLOSED", "the client is closed"));
  };

  async #open(): Promise<void> {
    try {
      await this.#connection.attempt(() => this.#openCall());
    } catch (error) {
      this.#lost(error as PubSubError);
    }
  }

  /** Resolves when the stream is agreed on, rejects when it broke before. */
  #openCall(): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.#actions.call();
      this.#call = call;
      let isOpened = false;
      const fail = (error: unknown) => {
        const isCurrent = this.#call === call;
        if (isCurrent) this.#drop();
        if (!isOpened) reject(error);
        else if (isCurrent) this.#lost(transportError(error));
      };
      call.on("data", (response: Response) => {
        if (this.#call !== call) return;
        this.#silentTicks = 0;
        const heartbeatMs = this.#actions.received(response);
        if (heartbeatMs === undefined || this.#call !== call) return;
        isOpened = true;
        resolve();
        this.#opened(call, heartbeatMs);
      });
      call.on("drain", () => {
        if (this.#call === call && this.#isOpen) this.#actions.drained();
      });
      call.on("error", fail);
      call.on("end", () => {
        if (this.#call !== call) return;
        if (!this.#isFinishing) fail(ended());
        else {
          this.#drop();
          this.#end(undefined);
        }
      });
      this.#openTimer = setTimeout(
        () => fail(ended("the stream was not opened in time")),
        STREAM_OPEN_TIMEOUT_MS,
      );
      call.write(this.#actions.openMessage());
    });
  }

  #opened(call: ClientDuplexStream<Request, Response>, heartbeatMs: number): void {
    clearTimeout(this.#openTimer);
    this.#backoff.reset();
    this.#connection.states.up(this.#name);
    this.#silentTicks = 0;
    this.#heartbeatTimer = setInterval(() => this.#tick(), heartbeatMs / TICKS_PER_HEARTBEAT);
    this.#isOpen = true;
    this.#actions.drained();
    if (this.#isFinishing) call.end();
  }

  /** Ticks are counted, not milliseconds: a process that stood still must not blame the broker. */
  #tick(): void {
    this.#silentTicks += 1;
    if (this.#silentTicks > TICKS_PER_HEARTBEAT * HEARTBEATS_MISSED_MAX) {
      this.#drop();
      this.#lost(PubSubError.of("CONNECTION_LOST", "the broker was silent for three heartbeats"));
      return;
    }
    if (!this.#hasSent && !this.#isFinishing) this.send(this.#actions.heartbeat());
    this.#hasSent = false;
  }

  #lost(error: PubSubError): void {
    if (this.#hasEnded) return;
    const isFinal = !error.retryable && this.#actions.opensAgainAfter?.(error) !== true;
    if (isFinal || this.#isFinishing) {
      this.#end(error);
      return;
    }
    this.#connection.states.down(this.#name, error);
    this.#actions.broke(error);
    if (this.#hasEnded) return;
    const waitMs = Math.max(this.#backoff.next(), error.retryAfterMs ?? 0);
    this.#retryTimer = setTimeout(() => void this.#open(), waitMs);
  }

  #drop(): void {
    const call = this.#call;
    this.#call = undefined;
    this.#isOpen = false;
    clearTimeout(this.#openTimer);
    clearInterval(this.#heartbeatTimer);
    // A cancelled call still reports its end; nobody is to hear of it.
    call?.on("error", () => undefined);
    call?.cancel();
  }

  #end(error: PubSubError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#connection.closing.removeEventListener("abort", this.#onClosing);
    this.#connection.states.gone(this.#name);
    this.#actions.ended(error);
  }
}

function ended(text = "the broker ended the stream"): PubSubError {
  return PubSubError.of("CONNECTION_LOST", text);
}
