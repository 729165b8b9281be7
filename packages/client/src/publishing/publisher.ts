import {
  BATCH_EVENTS_MAX,
  badRequest,
  batchBytes,
  estimateEventBytes,
  FRAME_BATCHES_MAX,
  type OutgoingEvent,
  Priority,
  type PublishAck,
  type PublishOpened,
  type PublishStreamRequest,
  type PublishStreamResponse,
  PubSubError,
  RecordBatch,
} from "@opendxa/pubsub-protocol";
import type { Connection } from "../connection/connection.js";
import { StreamLink } from "../connection/stream-link.js";
import { writeRequest } from "../connection/write-request.js";
import {
  BATCH_OVERHEAD_BYTES,
  EAGER_FRAMES,
  FRAME_BYTES_TARGET,
  FRAMES_IN_FLIGHT_DEFAULT,
  PLACE_BATCHES_MAX,
  PUBLISH_SWEEP_MS,
} from "../limits.js";
import { abortable } from "./abortable.js";
import {
  atomicBatches,
  atomicFrameBytes,
  type CheckedAtomicEvent,
  largestProducer,
} from "./atomic-batches.js";
import { Batcher, type Frame } from "./batcher.js";
import { ByteGate } from "./byte-gate.js";
import type { Partitions } from "./partitions.js";
import {
  ATOMIC_LANE,
  isAtomic,
  laneOf,
  type Pending,
  placesOf,
  recordsOf,
  settleBatch,
} from "./pending.js";
import type { Producer } from "./producer.js";
import { checkedOptions, type PublishOptions } from "./publish-options.js";
import type { BatchReceipt, PublishReceipt } from "./receipt.js";

/** What a publisher is made of. */
export interface PublisherParts {
  /** Where it publishes. */
  readonly connection: Connection;
  /** As whom. */
  readonly producer: Producer;
  /** How it chooses partitions. */
  readonly partitions: Partitions;
  /** Shown in the broker's logs and lists. */
  readonly clientName: string;
  /** Bytes that may be unacknowledged. */
  readonly unackedBytesMax: number;
  /** When a publish gives up, in milliseconds. */
  readonly publishTimeoutMs: number;
}

const NO_BYTES = new Uint8Array(0);

/** What asks to be let in. */
interface Entry {
  readonly bytes: number;
  readonly topic: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What the caller of a publish is told by, and what it holds. */
interface Told<T> {
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Publishes over one stream: batches, numbers, sends again after a loss, settles. */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #batcher = new Batcher<Pending>({
    eagerFrames: EAGER_FRAMES,
    frameBytesTarget: FRAME_BYTES_TARGET,
    frameBatchesMax: FRAME_BATCHES_MAX,
    batchEventsMax: BATCH_EVENTS_MAX,
    batchOverheadBytes: BATCH_OVERHEAD_BYTES,
    placeBatchesMax: PLACE_BATCHES_MAX,
  });
  readonly #gate: ByteGate;
  readonly #link: StreamLink<PublishStreamRequest, PublishStreamResponse>;
  /** Of each planned batch of a frame. */
  readonly #records = new Map<Frame<Pending>, readonly (readonly RecordBatch[])[]>();
  /** In the order of their deadlines: all have the same timeout. */
  readonly #waiting = new Set<Pending>();
  #window = { framesMax: FRAMES_IN_FLIGHT_DEFAULT, creditBytes: 0 };
  #lastFrame = 0n;
  #ackedFrame = 0n;
  #isStarted = false;
  #isPumpDue = false;
  #unsettled = 0;
  #entering = 0;
  #turn: Promise<void> = Promise.resolve();
  #failure: PubSubError | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #whenIdle: (() => void)[] = [];

  /** Opens nothing before the first publish. */
  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#gate = new ByteGate(parts.unackedBytesMax);
    this.#link = new StreamLink(parts.connection, "publisher", {
      call: () => parts.connection.clients.publisher.publishStream(),
      openMessage: () => this.#openMessage(),
      heartbeat: () => ({
        message: { $case: "heartbeat", value: { timeUnixMs: BigInt(Date.now()) } },
      }),
      received: (response) => this.#received(response),
      broke: () => this.#batcher.reset(),
      drained: () => this.#pump(),
      ended: (error) => this.#ended(error),
    });
  }

  /** Bytes that are published and not acknowledged. */
  get unackedBytes(): number {
    return this.#gate.held;
  }

  /** Publishes a checked event. */
  async publish(
    topic: string,
    event: OutgoingEvent,
    options: PublishOptions,
  ): Promise<PublishReceipt> {
    const bytes = estimateEventBytes(event);
    const { priority, deliverTimeUnixMs, signal } = checkedOptions(options);
    return await this.#admit<PublishReceipt>({ bytes, topic, signal }, (told) => {
      const partition = this.#parts.partitions.ofKey(topic, event.orderingKey);
      const placed = { topic, partition, priority, deliverTimeUnixMs };
      this.#add({ kind: "event", ...placed, event, ...told }, laneOf(placed));
    });
  }

  /** Publishes a batch that was encoded before. */
  async publishBatch(batch: RecordBatch, signal: AbortSignal | undefined): Promise<BatchReceipt> {
    checkBatch(batch);
    const entry = { bytes: batchBytes(batch), topic: undefined, signal };
    return await this.#admit<BatchReceipt>(entry, (told) => {
      const lane = `${batch.topic}\n${batch.partition}\n${batch.priority || Priority.NORMAL}\n`;
      this.#add({ kind: "batch", batch, ...told }, lane);
    });
  }

  /** Publishes checked events in a frame of their own: all are stored, or none. */
  async publishAtomic(
    events: readonly CheckedAtomicEvent[],
    options: PublishOptions,
  ): Promise<PublishReceipt[]> {
    const { partitions, producer } = this.#parts;
    const largest = largestProducer(producer.id);
    const batches = await atomicBatches(events, options, partitions, largest);
    const entry = { bytes: atomicFrameBytes(batches), topic: undefined, signal: options.signal };
    return await this.#admit<PublishReceipt[]>(entry, (told) => {
      this.#add({ kind: "atomic", batches, ...told }, ATOMIC_LANE);
    });
  }

  /** Resolves when everything published so far is acknowledged or failed: within the timeout. */
  async flush(): Promise<void> {
    if (this.#unsettled === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Sends nothing more; what is unacknowledged fails. */
  close(): void {
    const error = PubSubError.of("CLIENT_CLOSED", "closed before the broker acknowledged");
    if (this.#isStarted) this.#link.cancel(error);
    else this.#ended(error);
  }

  /**
   * Lets a publish in as soon as there is room and its topic is known, and calls `begin` then.
   * Publishes begin in the order of their calls, however long each had to wait.
   */
  async #admit<T>(entry: Entry, begin: (told: Told<T>) => void): Promise<T> {
    const { bytes, topic, signal } = entry;
    signal?.throwIfAborted();
    this.#throwIfFailed();
    const deadlineMs = Date.now() + this.#parts.publishTimeoutMs;
    this.#sweeper ??= setInterval(() => this.#sweep(), PUBLISH_SWEEP_MS);
    this.#unsettled += 1;
    try {
      return await abortable<T>(signal, (resolve, reject) => {
        const told = { bytes, deadlineMs, resolve, reject };
        const isAtOnce = this.#entering === 0 && this.#isKnown(topic) && this.#gate.tryEnter(bytes);
        if (isAtOnce) begin(told);
        else void this.#enterInTurn(entry, told, begin);
      });
    } finally {
      this.#unsettled -= 1;
      this.#tellIdle();
    }
  }

  async #enterInTurn<T>(
    { bytes, topic, signal }: Entry,
    told: Told<T>,
    begin: (told: Told<T>) => void,
  ): Promise<void> {
    const before = this.#turn;
    let leaveTurn: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      leaveTurn = resolve;
    });
    this.#entering += 1;
    try {
      await this.#gate.enter(bytes, told.deadlineMs);
      try {
        if (topic !== undefined) await this.#parts.partitions.count(topic);
        await before;
        signal?.throwIfAborted();
        this.#throwIfFailed();
        begin(told);
      } catch (error) {
        this.#gate.leave(bytes);
        throw error;
      }
    } catch (error) {
      told.reject(error);
    } finally {
      this.#entering -= 1;
      // One that failed early must not let the next overtake those before it.
      void before.then(leaveTurn);
    }
  }

  #isKnown(topic: string | undefined): boolean {
    return topic === undefined || this.#parts.partitions.known(topic) !== undefined;
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #add(pending: Pending, lane: string): void {
    this.#waiting.add(pending);
    const { bytes, kind } = pending;
    const isWhole = kind === "batch";
    const isAlone = kind === "atomic";
    this.#batcher.add({ lane, bytes, isWhole, isAlone, places: placesOf(pending), value: pending });
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#link.start();
    }
    if (this.#batcher.isFull) this.#pump();
    else this.#pumpAtEndOfTurn();
  }

  /** One turn of the event loop gathers what a program publishes at once. */
  #pumpAtEndOfTurn(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#link.isOpen) {
      const frame = this.#batcher.next(this.#window);
      if (frame === undefined || !this.#send(frame)) return;
    }
  }

  #send(frame: Frame<Pending>): boolean {
    const { producer } = this.#parts;
    const batches = this.#recordsOf(frame)
      .flat()
      .map((record) =>
        record.producerId === producer.id ? { ...record, producerEpoch: producer.epoch } : record,
      );
    this.#lastFrame += 1n;
    const value = { number: this.#lastFrame, batches, atomic: isAtomic(frame) };
    return this.#link.send({ message: { $case: "frame", value } });
  }

  #recordsOf(frame: Frame<Pending>): readonly (readonly RecordBatch[])[] {
    const known = this.#records.get(frame);
    if (known !== undefined) return known;
    const { producer, partitions } = this.#parts;
    const records = frame.batches.map((batch) => recordsOf(batch, producer, partitions));
    this.#records.set(frame, records);
    return records;
  }

  #openMessage(): PublishStreamRequest {
    const { connection, producer, clientName } = this.#parts;
    const { namespace } = connection;
    const value = { namespace, producerId: producer.id, clientName, heartbeatMs: 0 };
    return { message: { $case: "open", value } };
  }

  #received({ message }: PublishStreamResponse): number | undefined {
    if (message?.$case === "opened") return this.#opened(message.value);
    if (message?.$case === "ack") this.#acked(message.value);
    return undefined;
  }

  #opened(opened: PublishOpened): number {
    this.#parts.producer.epoch = opened.producerEpoch;
    const framesMax = Math.max(1, Math.min(opened.framesInFlightMax, FRAMES_IN_FLIGHT_DEFAULT));
    this.#window = { framesMax, creditBytes: Number(opened.creditBytes) };
    this.#lastFrame = 0n;
    this.#ackedFrame = 0n;
    return opened.heartbeatMs;
  }

  #acked({ throughFrame, results, creditBytes }: PublishAck): void {
    const frames = this.#batcher.acked(Number(throughFrame - this.#ackedFrame));
    this.#ackedFrame = throughFrame;
    this.#window = { ...this.#window, creditBytes: Number(creditBytes) };
    let next = 0;
    for (const frame of frames) {
      const records = this.#recordsOf(frame);
      this.#records.delete(frame);
      for (const [index, batch] of frame.batches.entries()) {
        const sent = records[index] ?? [];
        const answered = results.slice(next, next + sent.length);
        next += sent.length;
        for (const [i, { topic }] of sent.entries()) {
          this.#noteRefusal(topic, answered[i]?.refusal !== undefined);
        }
        settleBatch(batch, sent, answered, this.#parts.producer);
        for (const pending of batch.values) this.#done(pending);
      }
    }
    this.#pump();
  }

  /** A refused batch may mean that the topic came or went, or has more partitions than thought. */
  #noteRefusal(topic: string, isRefused: boolean): void {
    if (isRefused) this.#parts.partitions.forget(topic);
  }

  #done(pending: Pending): void {
    this.#waiting.delete(pending);
    this.#gate.leave(pending.bytes);
  }

  #sweep(): void {
    const nowMs = Date.now();
    this.#gate.sweep(nowMs);
    for (const pending of this.#waiting) {
      if (pending.deadlineMs > nowMs) return;
      // It stays in the batcher: its sequence is given, and what follows must not leave a hole unexplained.
      this.#waiting.delete(pending);
      pending.reject(timedOut(this.#parts.publishTimeoutMs));
    }
  }

  #ended(error: PubSubError | undefined): void {
    const failure = error ?? PubSubError.of("CONNECTION_LOST", "the broker ended the stream");
    this.#failure = failure;
    clearInterval(this.#sweeper);
    for (const pending of this.#batcher.drain()) pending.reject(failure);
    this.#records.clear();
    this.#waiting.clear();
    this.#gate.refuseAll(failure);
  }

  #tellIdle(): void {
    if (this.#unsettled > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

/** A batch that the stream can carry; its parts are the broker's to check. */
function checkBatch(batch: RecordBatch): void {
  // A caller in JavaScript may give anything.
  const { heads, bodies } = (batch ?? {}) as Partial<RecordBatch>;
  for (const [field, bytes] of Object.entries({ heads, bodies })) {
    if (!(bytes instanceof Uint8Array)) throw badRequest(`batch.${field}`, "bytes");
  }
  writeRequest(RecordBatch, { ...batch, heads: NO_BYTES, bodies: NO_BYTES });
}

function timedOut(timeoutMs: number): PubSubError {
  return PubSubError.of("TIMED_OUT", `not acknowledged within ${timeoutMs} ms; it may be stored`);
}
