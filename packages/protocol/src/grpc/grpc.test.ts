import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { encodeBatch } from "../batch/encode-batch.js";
import type {
  PublishRequest,
  PublishResponse,
} from "../gen/opendxa/pubsub/v1/publisher_service.js";
import type { SubscribeResponse } from "../gen/opendxa/pubsub/v1/subscriber_service.js";
import { isCancellation, PubSubError } from "../pubsub-error.js";
import { encodeSubscribeDelivery } from "../storage/response-codec.js";
import {
  addService,
  fromServiceError,
  makeClient,
  type ServiceHandlers,
  serviceDefinition,
  services,
  toServiceError,
} from "./index.js";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type PublishHandler = ServiceHandlers<typeof services.publisher>["publish"];

async function serve(publish: PublishHandler): Promise<string> {
  const server = new Server();
  server.addService(serviceDefinition(services.publisher), { publish } as never);
  addService(server, services.subscriber, {
    subscribe(call) {
      const batch = encodeBatch({ topic: "t", events: [{ id: "1", type: "x" }] });
      call.on("data", () => {
        call.write(
          encodeSubscribeDelivery({
            batches: [
              {
                lease: 7n,
                sequence: 9n,
                firstIndex: 0,
                batch,
                selected: new Uint8Array(0),
                attempt: 1,
                leaseEndUnixMs: 0n,
              },
            ],
          }),
        );
        call.end();
      });
    },
    consume: (call) => call.end(),
    settle: (_call, callback) => callback(null, { exceptions: [] }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  closers.push(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

function publish(address: string): Promise<PublishResponse> {
  const client = makeClient(services.publisher, {
    address,
    credentials: credentials.createInsecure(),
  });
  closers.push(() => client.close());
  const request: PublishRequest = {
    namespace: "",
    frame: {
      number: 0n,
      batches: [encodeBatch({ topic: "t", events: [{ id: "1", type: "x" }] })],
      atomic: false,
    },
  };
  return new Promise((resolve, reject) => {
    client.publish(request, (error, response) =>
      error === null && response !== undefined ? resolve(response) : reject(error),
    );
  });
}

it("carries messages and errors with all their facts", async () => {
  const sent = PubSubError.of("OVERLOADED", "too much waits: ünïcode", {
    metadata: { limit: 10n, bytes: 11 },
    retryAfterMs: 1500,
    fieldViolations: [{ field: "frame", description: "smaller" }],
  });
  const address = await serve((_call, callback) => callback(toServiceError(sent)));
  const caught: unknown = await publish(address).catch((error: unknown) => error);
  for (const received of [fromServiceError(caught as ServiceError), PubSubError.from(caught)]) {
    expect(received).toBeInstanceOf(PubSubError);
    expect(received).toMatchObject({
      reason: "OVERLOADED",
      code: 8,
      retryable: true,
      metadata: { limit: "10", bytes: "11" },
      retryAfterMs: 1500,
      fieldViolations: [{ field: "frame", description: "smaller" }],
      message: sent.message,
    });
  }
});

it("cuts a text between characters: half of one would end the server", async () => {
  for (const before of ["", "x"]) {
    const sent = PubSubError.of("TOPIC_NOT_FOUND", `${before}${"😀".repeat(600)}`);
    expect(() => encodeURI(toServiceError(sent).details)).not.toThrow();
    const address = await serve((_call, callback) => callback(toServiceError(sent)));
    const caught: unknown = await publish(address).catch((error: unknown) => error);
    expect(PubSubError.from(caught).reason).toBe("TOPIC_NOT_FOUND");
  }
});

it("serves a typed request", async () => {
  const address = await serve(({ request }, callback) => {
    const count = request.frame?.batches[0]?.count ?? 0;
    callback(null, {
      results: [
        {
          baseOffset: BigInt(count),
          refused: new Uint8Array(0),
          duplicates: new Uint8Array(0),
          duplicateOffsets: [],
          refusals: [],
          refusal: undefined,
          scheduled: false,
          durability: 1,
        },
      ],
    });
  });
  expect((await publish(address)).results[0]?.baseOffset).toBe(1n);
});

it("sends a ready Buffer as it is", async () => {
  const address = await serve((_call, callback) => callback(null, { results: [] }));
  const client = makeClient(services.subscriber, {
    address,
    credentials: credentials.createInsecure(),
  });
  closers.push(() => client.close());
  const call = client.subscribe();
  call.write({ message: { $case: "heartbeat", value: { timeUnixMs: 0n } } });
  const received: SubscribeResponse[] = [];
  for await (const response of call) received.push(response as SubscribeResponse);
  expect(received).toHaveLength(1);
  expect(received[0]?.message?.$case).toBe("delivery");
});

it("takes bare statuses for what they most likely mean and lets cancellation through", async () => {
  const address = await serve((_call, callback) => callback(null, { results: [] }));
  closers.splice(0).forEach((close) => void close());
  const caught: unknown = await publish(address).catch((error: unknown) => error);
  expect(PubSubError.from(caught)).toMatchObject({ reason: "CONNECTION_LOST", retryable: true });

  const open = await serve(() => undefined);
  const client = makeClient(services.publisher, {
    address: open,
    credentials: credentials.createInsecure(),
  });
  closers.push(() => client.close());
  const cancelled = await new Promise<unknown>((resolve) => {
    const call = client.publish({ namespace: "", frame: undefined }, (error) => resolve(error));
    call.cancel();
  });
  expect(isCancellation(cancelled)).toBe(true);
  expect(() => PubSubError.from(cancelled)).toThrow(cancelled as Error);
  expect(fromServiceError(cancelled as ServiceError).reason).toBe("CLIENT_CLOSED");
});
