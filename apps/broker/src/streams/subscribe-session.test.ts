import { EventEmitter, once } from "node:events";
import {
  encodeBatch,
  PubSubError,
  type SubscribeRequest,
  SubscribeResponse,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestBroker } from "../services/running-broker.test-support.js";
import type { StreamTransport } from "./stream-transport.js";
import { SubscribeSession } from "./subscribe-session.js";

let broker: Awaited<ReturnType<typeof startTestBroker>>;
beforeAll(async () => {
  broker = await startTestBroker();
  await broker.namespaces.engineOf("").createTopic("orders", undefined);
});
afterAll(() => broker.stop());

/** A transport that remembers, so that a session is driven without a network in between. */
class RecordingTransport
  extends EventEmitter
  implements StreamTransport<SubscribeResponse | Buffer>
{
  readonly sent: SubscribeResponse[] = [];
  readonly ended: unknown[] = [];
  isFull = false;

  send(message: SubscribeResponse | Buffer): boolean {
    const decoded = Buffer.isBuffer(message) ? SubscribeResponse.decode(message) : message;
    this.sent.push(decoded);
    this.emit(decoded.message?.$case ?? "nothing");
    return !this.isFull;
  }

  end(error?: unknown): void {
    this.ended.push(error);
  }

  pauseReading(): void {
    this.emit("paused");
  }

  resumeReading(): void {
    this.emit("resumed");
  }

  get delivered(): number {
    return this.sent
      .flatMap(({ message }) => (message?.$case === "delivery" ? message.value.batches : []))
      .reduce((sum, { batch }) => sum + (batch?.count ?? 0), 0);
  }
}

async function start(subscription: string) {
  const transport = new RecordingTransport();
  let tick: () => void = () => undefined;
  const session = new SubscribeSession(transport, broker.namespaces, {
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
  const opened = once(transport, "opened");
  const open: SubscribeRequest = {
    message: {
      $case: "open",
      value: {
        namespace: "",
        subscription,
        settings: SubscriptionSettings.fromPartial({ patterns: ["orders"] }),
        consumerName: "test",
        credit: { bytes: 10_000_000n, events: 1_000 },
        heartbeatMs: 0,
      },
    },
  };
  session.receive(open);
  await opened;
  return { transport, session, tick: () => tick() };
}

async function publish(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const events = [
      { id: `${index}`, source: "/test", type: "order.made", data: Buffer.alloc(64) },
    ];
    const batches = [encodeBatch({ topic: "orders", events })];
    await broker.namespaces.engineOf("").publish({ number: 0n, batches, atomic: false });
  }
}

it("holds back while the transport is full and goes on when it drained", async () => {
  const { transport, session } = await start("full");
  transport.isFull = true;
  const first = once(transport, "delivery");
  await publish(1);
  await first;
  await publish(5);
  expect(transport.delivered).toBe(1);
  transport.isFull = false;
  const next = once(transport, "delivery");
  session.drained();
  await next;
  while (transport.delivered < 6) await once(transport, "delivery");
  expect(transport.delivered).toBe(6);
  session.cancelled();
});

it("sends heartbeats when quiet and ends a silent client", async () => {
  const { transport, tick } = await start("silent");
  for (let count = 0; count < 7; count += 1) tick();
  expect(transport.sent.some(({ message }) => message?.$case === "heartbeat")).toBe(true);
  expect(PubSubError.from(transport.ended[0]).reason).toBe("HEARTBEAT_MISSED");
  const { consumers } = await broker.namespaces.engineOf("").getSubscription("silent");
  expect(consumers).toBe(0);
});

it("leaves its subscription when the client is gone", async () => {
  const { session } = await start("gone");
  const engine = broker.namespaces.engineOf("");
  expect((await engine.getSubscription("gone")).consumers).toBe(1);
  session.cancelled();
  expect((await engine.getSubscription("gone")).consumers).toBe(0);
});

it("leaves at once when the client was gone before it had joined", async () => {
  const { session: other } = await start("early");
  const transport = new RecordingTransport();
  const session = new SubscribeSession(transport, broker.namespaces, {
    ticker: { every: () => () => undefined },
    endOfTurn: setImmediate,
    nowMs: () => 1,
    heartbeatMs: 5_000,
  });
  const value = {
    namespace: "",
    subscription: "early",
    settings: undefined,
    consumerName: "",
    credit: undefined,
    heartbeatMs: 0,
  };
  session.receive({ message: { $case: "open", value } });
  session.cancelled();
  other.cancelled();
  await publish(1);
  const engine = broker.namespaces.engineOf("");
  expect((await engine.getSubscription("early")).consumers).toBe(0);
  expect(transport.sent).toEqual([]);
});
