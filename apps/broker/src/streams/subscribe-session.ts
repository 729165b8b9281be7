import type { Consumer, ConsumerSink, Engine } from "@opendxa/pubsub-engine";
import {
  badRequest,
  type Delivery,
  encodeSubscribeDelivery,
  type Notice,
  type Settlement,
  type SubscribeOpen,
  type SubscribeRequest,
  type SubscribeResponse,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import { heartbeatMissed, outOfOrder, shuttingDown } from "../errors.js";
import type { Namespaces } from "../namespaces.js";
import { checkShownName } from "./check-frame.js";
import { checkSettlementItems } from "./check-settlement.js";
import { agreeHeartbeat, Heartbeats } from "./heartbeats.js";
import type { StreamSession, StreamSurroundings, StreamTransport } from "./stream-transport.js";

interface JoinedStream {
  readonly consumer: Consumer;
  readonly heartbeats: Heartbeats;
}

/** One consumer's stream: opening, credit, numbered settlements, heartbeats, its end. */
export class SubscribeSession implements StreamSession<SubscribeRequest>, ConsumerSink {
  readonly #transport: StreamTransport<SubscribeResponse | Buffer>;
  readonly #namespaces: Namespaces;
  readonly #surroundings: StreamSurroundings;
  /** What the engine gave before `opened` went out: a notice, and never more than one delivery. */
  readonly #early: (Buffer | SubscribeResponse)[] = [];
  #joined: JoinedStream | undefined;
  #isJoining = false;
  #isFull = false;
  #lastSettlement = 0n;
  #settledThrough = 0n;
  #isHalfClosed = false;
  #hasEnded = false;

  /** Serves one stream. */
  constructor(
    transport: StreamTransport<SubscribeResponse | Buffer>,
    namespaces: Namespaces,
    surroundings: StreamSurroundings,
  ) {
    this.#transport = transport;
    this.#namespaces = namespaces;
    this.#surroundings = surroundings;
  }

  /** Takes a message; a broken one ends the stream. */
  receive({ message }: SubscribeRequest): void {
    if (this.#hasEnded) return;
    this.#joined?.heartbeats.noteReceived();
    try {
      if (message?.$case === "open") this.#receiveOpen(message.value);
      else if (this.#joined === undefined) throw outOfOrder("open", message?.$case ?? "nothing");
      else if (message?.$case === "credit") this.#joined.consumer.credit(message.value);
      else if (message?.$case === "settlement") this.#settle(this.#joined.consumer, message.value);
      else if (message === undefined) throw badRequest("message", "must be set");
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The client sends nothing more: the verdicts on what it settled go out, then the stream ends. */
  halfClosed(): void {
    this.#isHalfClosed = true;
    this.#endIfSettled();
  }

  /** The client is gone: its leases end. */
  cancelled(): void {
    this.#hasEnded = true;
    this.#leave();
  }

  /** The transport has room again. */
  drained(): void {
    this.#isFull = false;
    this.#transport.resumeReading();
    if (!this.#hasEnded) this.#joined?.consumer.resume();
  }

  /** Ends the stream where no consumer joined; a consumer is ended by its engine's own closing. */
  shutDown(): void {
    if (this.#joined === undefined) this.#fail(shuttingDown());
  }

  /** Sends a delivery, encoded in one allocation. */
  deliver(delivery: Delivery): boolean {
    if (this.#hasEnded || this.#isHalfClosed) return false;
    const bytes = encodeSubscribeDelivery(delivery);
    if (this.#joined !== undefined) return this.#send(bytes);
    this.#early.push(bytes);
    return false;
  }

  /** Sends verdicts. */
  verdicts(verdicts: Verdicts): void {
    this.#settledThrough = verdicts.throughNumber;
    this.#sendOrHold({ message: { $case: "verdicts", value: verdicts } });
    this.#endIfSettled();
  }

  /** Sends the reason for a standstill. */
  notice(notice: Notice): void {
    const message = { message: { $case: "notice", value: notice } } as const;
    if (this.#joined === undefined) this.#early.push(message);
    else this.#sendOrHold(message);
  }

  /** The engine ended the consumer: there is nothing to leave. */
  end(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#joined?.heartbeats.stop();
    this.#transport.end(error);
  }

  #receiveOpen(open: SubscribeOpen): void {
    if (this.#isJoining || this.#joined !== undefined) throw outOfOrder("credit", "open");
    const engine = this.#namespaces.engineOf(open.namespace);
    const heartbeatMs = agreeHeartbeat(open.heartbeatMs, this.#surroundings.heartbeatMs);
    checkShownName("consumer_name", open.consumerName);
    this.#isJoining = true;
    this.#transport.pauseReading();
    void this.#join(engine, open, heartbeatMs);
  }

  async #join(engine: Engine, open: SubscribeOpen, heartbeatMs: number): Promise<void> {
    try {
      this.#opened(await engine.subscribe(open, this), heartbeatMs);
    } catch (error) {
      this.#fail(error);
    }
  }

  #opened(consumer: Consumer, heartbeatMs: number): void {
    if (this.#hasEnded) {
      consumer.close();
      return;
    }
    const heartbeats = new Heartbeats(heartbeatMs, this.#surroundings.ticker, {
      send: () => this.#sendHeartbeat(),
      missed: () => this.#fail(heartbeatMissed(heartbeatMs)),
    });
    this.#joined = { consumer, heartbeats };
    const { id: consumerId, subscription } = consumer;
    const opened = { subscription, consumerId, heartbeatMs };
    this.#send({ message: { $case: "opened", value: opened } });
    for (const early of this.#early.splice(0)) this.#send(early);
    this.#transport.resumeReading();
    if (!this.#isFull) consumer.resume();
    this.#endIfSettled();
  }

  #settle(consumer: Consumer, settlement: Settlement): void {
    const expected = this.#lastSettlement + 1n;
    if (settlement.number !== expected) throw outOfOrder(expected, settlement.number);
    checkSettlementItems(settlement);
    this.#lastSettlement = expected;
    consumer.settle(settlement);
  }

  #sendHeartbeat(): void {
    const timeUnixMs = BigInt(this.#surroundings.nowMs());
    this.#send({ message: { $case: "heartbeat", value: { timeUnixMs } } });
  }

  /** Verdicts go out even when the transport is full, so the client's next messages wait instead. */
  #sendOrHold(message: SubscribeResponse): void {
    if (!this.#hasEnded && !this.#send(message)) this.#transport.pauseReading();
  }

  #send(message: SubscribeResponse | Buffer): boolean {
    this.#joined?.heartbeats.noteSent();
    const hasRoom = this.#transport.send(message);
    if (!hasRoom) this.#isFull = true;
    return hasRoom;
  }

  #endIfSettled(): void {
    const isSettled = this.#settledThrough >= this.#lastSettlement;
    if (this.#isHalfClosed && isSettled && (this.#joined !== undefined || !this.#isJoining)) {
      this.#fail(undefined);
    }
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#leave();
    this.#transport.end(error);
  }

  #leave(): void {
    this.#joined?.heartbeats.stop();
    this.#joined?.consumer.close();
  }
}
