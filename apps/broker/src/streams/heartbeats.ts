import { badRequest } from "@opendxa/pubsub-protocol";
import { BROKER_LIMITS } from "../limits.js";

/** Repeats a call; the broker's is `setInterval`. */
export interface Ticker {
  /** Calls `tick` every `periodMs` until the answer is called. */
  every(periodMs: number, tick: () => void): () => void;
}

/** What a stream does about heartbeats. */
export interface HeartbeatActions {
  /** Sends one: nothing else was sent. */
  send(): void;
  /** Gives up: three are missing. */
  missed(): void;
}

const TICKS_PER_HEARTBEAT = 2;

/** Keeps one stream's heartbeats in both directions. */
export class Heartbeats {
  /** Interval that both sides keep, milliseconds. */
  readonly intervalMs: number;
  readonly #actions: HeartbeatActions;
  readonly #stop: () => void;
  #sent = true;
  #silentTicks = 0;

  /** Starts ticking. */
  constructor(intervalMs: number, ticker: Ticker, actions: HeartbeatActions) {
    this.intervalMs = intervalMs;
    this.#actions = actions;
    this.#stop = ticker.every(intervalMs / TICKS_PER_HEARTBEAT, () => this.#tick());
  }

  /** Something was sent. */
  noteSent(): void {
    this.#sent = true;
  }

  /** Something was received. */
  noteReceived(): void {
    this.#silentTicks = 0;
  }

  /** Stops ticking. */
  stop(): void {
    this.#stop();
  }

  #tick(): void {
    this.#silentTicks += 1;
    if (this.#silentTicks > TICKS_PER_HEARTBEAT * BROKER_LIMITS.heartbeatsMissedMax) {
      this.#stop();
      this.#actions.missed();
      return;
    }
    if (!this.#sent) this.#actions.send();
    this.#sent = false;
  }
}

/** The interval for what a client proposes; 0 takes the broker's own. */
export function agreeHeartbeat(proposedMs: number, standardMs: number): number {
  if (proposedMs === 0) return standardMs;
  const { heartbeatMsMin, heartbeatMsMax } = BROKER_LIMITS;
  if (proposedMs >= heartbeatMsMin && proposedMs <= heartbeatMsMax) return proposedMs;
  throw badRequest("heartbeat_ms", `must be 0 or ${heartbeatMsMin} to ${heartbeatMsMax}`);
}
