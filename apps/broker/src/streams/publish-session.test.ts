import { EventEmitter, once } from "node:events";
import {
  encodeBatch,
  FRAME_BYTES_MAX,
  type PublishStreamRequest,
  type PublishStreamResponse,
  PubSubError,
} from "@opendxa/pubsub-protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestBroker } from "../services/running-broker.test-support.js";
import { PublishSession } from "./publish-session.js";
import type { StreamTransport } from "./stream-transport.js";

let broker: Awaited<ReturnType<typeof startTestBroker>>;
beforeAll(async () => {
  broker = await startTestBroker();
  await broker.namespaces.engineOf("").createTopic("orders", undefined);
});
afterAll(() => broker.stop());

/** A transport that remembers, so that a session is driven without a network in between. */
class RecordingTransport extends EventEmitter implements StreamTransport<PublishStreamResponse> {
  readonly sent: PublishStreamResponse[] = [];
  readonly ended: unknown[] = [];
  isFull = false;
  isPaused = false;

  send(message: PublishStreamResponse): boolean {
    this.sent.push(message);
    this.emit("sent");
    return !this.isFull;
  }

  end(error?: unknown): void {
    this.ended.push(error);
    this.emit("ended");
  }

  pauseReading(): void {
    this.isPaused = true;
  }

  resumeReading(): void {
    this.isPaused = false;
  }

  acks() {
    return this.sent.flatMap(({ message }) => (message?.$case === "ack" ? [message.value] : []));
  }
}

async function start() {
  const transport = new RecordingTransport();
  let tick: () => void = () => undefined;
  const session = new PublishSession(transport, broker.namespaces, {
    ticker: {
      every(_periodMs, run) {
        tick = run;
        return () => {
          tick = () => undefined;
        };
      },
    },
    endOfTurn: setImmediate,
    nowMs: () => 1,
    heartbeatMs: 5_000,
  });
  const opened = once(transport, "sent");
  const value = { namespace: "", producerId: new Uint8Array(0), clientName: "", heartbeatMs: 0 };
  session.receive({ message: { $case: "open", value } }, 10);
  await opened;
  return { transport, session, tick: () => tick() };
}

function frame(number: bigint): PublishStreamRequest {
  const events = [{ id: String(number), source: "/test", type: "order.made" }];
  const batches = [encodeBatch({ topic: "orders", events })];
  return { message: { $case: "frame", value: { number, batches, atomic: false } } };
}

function reasonOf([error]: unknown[]): string {
  return error === undefined ? "none" : PubSubError.from(error).reason;
}

it("acknowledges frames of one commit in one message", async () => {
  const { transport, session } = await start();
  for (let number = 1n; number <= 20n; number += 1n) session.receive(frame(number), 100);
  session.halfClosed();
  await once(transport, "ended");
  expect(transport.ended).toEqual([undefined]);
  expect(transport.acks().at(-1)?.throughFrame).toBe(20n);
  expect(transport.acks().flatMap(({ results }) => results)).toHaveLength(20);
  // All frames came in one turn, so that the engine stores them in one commit, or two.
  expect(transport.acks().length).toBeLessThanOrEqual(2);
});

it("ends with the 65th unacknowledged frame, behind the acknowledgement of the 64", async () => {
  const { transport, session } = await start();
  for (let number = 1n; number <= 70n; number += 1n) session.receive(frame(number), 100);
  await once(transport, "ended");
  expect(reasonOf(transport.ended)).toBe("LIMIT_EXCEEDED");
  expect(transport.acks().at(-1)?.throughFrame).toBe(64n);
});

it("ends OVERLOADED when more bytes are in flight than were granted", async () => {
  const { transport, session } = await start();
  const [first] = transport.sent;
  if (first?.message?.$case !== "opened") throw new Error("opened comes first");
  const frames = Number(first.message.value.creditBytes) / FRAME_BYTES_MAX;
  for (let number = 1n; number <= BigInt(Math.ceil(frames) + 1); number += 1n) {
    session.receive(frame(number), FRAME_BYTES_MAX);
  }
  await once(transport, "ended");
  expect(reasonOf(transport.ended)).toBe("OVERLOADED");
  expect(PubSubError.from(transport.ended[0]).retryAfterMs).toBeGreaterThan(0);
});

it("ends with a frame above its limit and takes nothing behind it", async () => {
  const { transport, session } = await start();
  session.receive(frame(1n), FRAME_BYTES_MAX + 5);
  session.receive(frame(1n), 100);
  expect(reasonOf(transport.ended)).toBe("LIMIT_EXCEEDED");
  expect(transport.acks()).toEqual([]);
});

it("acknowledges what it accepted before it shuts down", async () => {
  const { transport, session } = await start();
  session.receive(frame(1n), 100);
  session.shutDown();
  session.receive(frame(2n), 100);
  await once(transport, "ended");
  expect(transport.acks().map(({ throughFrame }) => throughFrame)).toEqual([1n]);
  expect(reasonOf(transport.ended)).toBe("SHUTTING_DOWN");
});

it("stops reading while the transport is full", async () => {
  const { transport, session } = await start();
  transport.isFull = true;
  const acked = once(transport, "sent");
  session.receive(frame(1n), 100);
  await acked;
  expect(transport.isPaused).toBe(true);
  session.drained();
  expect(transport.isPaused).toBe(false);
});

it("sends heartbeats when quiet and gives up on a silent client", async () => {
  const { transport, tick } = await start();
  for (let count = 0; count < 7; count += 1) tick();
  expect(transport.sent.some(({ message }) => message?.$case === "heartbeat")).toBe(true);
  expect(reasonOf(transport.ended)).toBe("HEARTBEAT_MISSED");
});

it("says nothing more to a client that is gone", async () => {
  const { transport, session } = await start();
  session.receive(frame(1n), 100);
  session.cancelled();
  await broker.namespaces.engineOf("").getTopic("orders");
  expect(transport.acks()).toEqual([]);
  expect(transport.ended).toEqual([]);
});
