import type { Ticker } from "./heartbeats.js";

/** The sending half of a bidirectional stream, without gRPC. */
export interface StreamTransport<Message> {
  /** Sends; false: the transport is full until `drained` of the session. */
  send(message: Message): boolean;
  /** Ends the stream; with an error when there is one. Nothing is sent after it. */
  end(error?: unknown): void;
  /** Stops reading until {@link resumeReading}. */
  pauseReading(): void;
  /** Reads on. */
  resumeReading(): void;
}

/** What the transport tells a session. */
export interface StreamSession<Message> {
  /** A message came; `bytes` is its serialized size. Never throws. */
  receive(message: Message, bytes: number): void;
  /** The other side sends nothing more. */
  halfClosed(): void;
  /** The other side is gone: nothing can be sent any more. */
  cancelled(): void;
  /** The transport has room again. */
  drained(): void;
  /** The broker stops: finish what was accepted, then end. */
  shutDown(): void;
}

/** What sessions need of their surroundings. */
export interface StreamSurroundings {
  /** For heartbeats. */
  readonly ticker: Ticker;
  /** Runs at the end of this turn of the event loop. */
  readonly endOfTurn: (run: () => void) => void;
  /** Milliseconds since the Unix epoch, shown in heartbeats. */
  readonly nowMs: () => number;
  /** Heartbeat where the client proposes none, milliseconds. */
  readonly heartbeatMs: number;
}
