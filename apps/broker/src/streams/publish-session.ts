import type { Engine } from "@opendxa/pubsub-engine";
import type {
  PublishFrame,
  PublishOpen,
  PublishStreamRequest,
  PublishStreamResponse,
} from "@opendxa/pubsub-protocol";
import { badRequest } from "@opendxa/pubsub-protocol";
import { heartbeatMissed, limitExceeded, outOfOrder, overloaded, shuttingDown } from "../errors.js";
import { BROKER_LIMITS } from "../limits.js";
import type { Namespaces } from "../namespaces.js";
import { AckQueue, type PendingFrame } from "./ack-queue.js";
import { checkFrame, checkShownName } from "./check-frame.js";
import { agreeHeartbeat, Heartbeats } from "./heartbeats.js";
import type { StreamSession, StreamSurroundings, StreamTransport } from "./stream-transport.js";

/** Bytes that the request adds around a large frame: a tag and a length of three bytes. */
const FRAME_OVERHEAD_BYTES = 4;

interface OpenStream {
  readonly engine: Engine;
  readonly heartbeats: Heartbeats;
}

/** One publishing stream: numbering, credit, cumulative acknowledgements, heartbeats, its end. */
export class PublishSession implements StreamSession<PublishStreamRequest> {
  readonly #transport: StreamTransport<PublishStreamResponse>;
  readonly #namespaces: Namespaces;
  readonly #surroundings: StreamSurroundings;
  readonly #frames = new AckQueue();
  #open: OpenStream | undefined;
  #isOpening = false;
  #lastFrame = 0n;
  #creditBytes = 0;
  #isFlushDue = false;
  /** Nothing more is accepted; when the last frame is acknowledged, the stream ends with it. */
  #ending: { readonly error: unknown } | undefined;
  #hasEnded = false;

  /** Serves one stream. */
  constructor(
    transport: StreamTransport<PublishStreamResponse>,
    namespaces: Namespaces,
    surroundings: StreamSurroundings,
  ) {
    this.#transport = transport;
    this.#namespaces = namespaces;
    this.#surroundings = surroundings;
  }

  /** Takes a message; a broken one ends the stream behind what was accepted before. */
  receive({ message }: PublishStreamRequest, bytes: number): void {
    if (this.#ending !== undefined || this.#hasEnded) return;
    this.#open?.heartbeats.noteReceived();
    try {
      if (message?.$case === "open") this.#receiveOpen(message.value);
      else if (this.#open === undefined) throw outOfOrder("open", message?.$case ?? "nothing");
      else if (message?.$case === "frame") {
        this.#receiveFrame(this.#open.engine, message.value, bytes - FRAME_OVERHEAD_BYTES);
      } else if (message === undefined) throw badRequest("message", "must be set");
    } catch (error) {
      this.#endAfterAcks(error);
    }
  }

  /** The client sends nothing more: what it sent is acknowledged, then the stream ends. */
  halfClosed(): void {
    this.#endAfterAcks(undefined);
  }

  /** The client is gone. */
  cancelled(): void {
    this.#hasEnded = true;
    this.#open?.heartbeats.stop();
  }

  /** Reads on: acknowledgements flow again. */
  drained(): void {
    this.#transport.resumeReading();
  }

  /** Takes nothing new; what was accepted is acknowledged first. */
  shutDown(): void {
    this.#endAfterAcks(shuttingDown());
  }

  #receiveOpen(open: PublishOpen): void {
    if (this.#isOpening || this.#open !== undefined) throw outOfOrder("frame", "open");
    const engine = this.#namespaces.engineOf(open.namespace);
    const heartbeatMs = agreeHeartbeat(open.heartbeatMs, this.#surroundings.heartbeatMs);
    checkShownName("client_name", open.clientName);
    const idBytes = open.producerId.length;
    if (idBytes !== 0 && idBytes !== BROKER_LIMITS.producerIdBytes) {
      throw badRequest("producer_id", `must have ${BROKER_LIMITS.producerIdBytes} bytes or none`);
    }
    this.#isOpening = true;
    void this.#openProducer(engine, open.producerId, heartbeatMs);
  }

  async #openProducer(engine: Engine, producerId: Uint8Array, heartbeatMs: number): Promise<void> {
    try {
      const epoch = producerId.length === 0 ? 0 : await engine.openProducer(producerId);
      this.#opened(engine, epoch, heartbeatMs);
    } catch (error) {
      this.#end(error);
    }
  }

  #opened(engine: Engine, producerEpoch: number, heartbeatMs: number): void {
    if (this.#hasEnded) return;
    const heartbeats = new Heartbeats(heartbeatMs, this.#surroundings.ticker, {
      send: () => this.#send({ $case: "heartbeat", value: this.#heartbeat() }),
      missed: () => this.#end(heartbeatMissed(heartbeatMs)),
    });
    this.#open = { engine, heartbeats };
    const creditBytes = this.#grantCredit(engine);
    const framesInFlightMax = BROKER_LIMITS.framesInFlightMax;
    this.#send({
      $case: "opened",
      value: { producerEpoch, creditBytes, heartbeatMs, framesInFlightMax },
    });
    this.#endIfDone();
  }

  #receiveFrame(engine: Engine, frame: PublishFrame, bytes: number): void {
    const expected = this.#lastFrame + 1n;
    if (frame.number !== expected) throw outOfOrder(expected, frame.number);
    if (this.#frames.length >= BROKER_LIMITS.framesInFlightMax) {
      const limit = BROKER_LIMITS.framesInFlightMax;
      throw limitExceeded("frames_in_flight", limit, this.#frames.length + 1);
    }
    checkFrame(frame, bytes);
    const waiting = this.#frames.bytes + bytes;
    if (waiting > this.#creditBytes && this.#frames.length > 0) {
      throw overloaded(this.#creditBytes, waiting);
    }
    this.#lastFrame = expected;
    void this.#store(engine, frame, this.#frames.add(expected, bytes));
  }

  async #store(engine: Engine, frame: PublishFrame, pending: PendingFrame): Promise<void> {
    try {
      pending.succeed(await engine.publish(frame));
    } catch (error) {
      pending.fail(error);
    }
    this.#flushAtEndOfTurn();
  }

  #flushAtEndOfTurn(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#surroundings.endOfTurn(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#hasEnded || this.#open === undefined) return;
    const acked = this.#frames.takeFinished();
    if (acked !== undefined) {
      const creditBytes = this.#grantCredit(this.#open.engine);
      this.#send({ $case: "ack", value: { ...acked, creditBytes } });
    }
    this.#endIfDone();
  }

  #endIfDone(): void {
    const { failure } = this.#frames;
    if (failure !== undefined) this.#end(failure.error);
    else if (this.#ending !== undefined && this.#frames.length === 0) this.#end(this.#ending.error);
  }

  /**
   * Never below one frame: credit comes back only with acknowledgements, so less would be a stall.
   * Enforced is the largest credit ever granted on the stream, because frames sent under an earlier
   * one may still be on their way; what all streams hold together is the engine's bound.
   */
  #grantCredit(engine: Engine): bigint {
    const granted = Math.max(engine.publishCredit(), BROKER_LIMITS.frameBytesMax);
    this.#creditBytes = Math.max(this.#creditBytes, granted);
    return BigInt(granted);
  }

  #heartbeat() {
    return { timeUnixMs: BigInt(this.#surroundings.nowMs()) };
  }

  #send(message: NonNullable<PublishStreamResponse["message"]>): void {
    if (this.#hasEnded) return;
    this.#open?.heartbeats.noteSent();
    if (!this.#transport.send({ message })) this.#transport.pauseReading();
  }

  #endAfterAcks(error: unknown): void {
    this.#ending ??= { error };
    if (!this.#isOpening || this.#open !== undefined) this.#endIfDone();
  }

  #end(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#open?.heartbeats.stop();
    this.#transport.end(error);
  }
}
