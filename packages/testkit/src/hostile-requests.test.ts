import { credentials, type ServiceError } from "@grpc/grpc-js";
import { PubSubClient } from "@opendxa/pubsub-client";
import { SubscriptionSettings, TopicSettings } from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type RunningBroker, startBroker } from "./index.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Extremes of each type of field: longer than any key of the index, and each end of its range. */
const EXTREMES: Readonly<Record<string, readonly unknown[]>> = {
  string: ["", "x".repeat(9_000), "ü".repeat(5_000), "x".repeat(200_000), "a\u0000b", "$a", "**"],
  number: [0, 1, 2 ** 31 - 1],
  bigint: [0n, 1n, 2n ** 63n - 1n],
  boolean: [true],
  list: [Array.from({ length: 300 }, () => "x".repeat(300)), ["", ""]],
};

/** Fields that are messages, and fields whose usual value lets a request come further. */
const PLAUSIBLE = {
  topic: "hostile",
  subscription: "hostile",
  executionId: "x",
  settings: { patterns: ["hostile"] },
  target: { $case: "position", value: { position: { $case: "earliest", value: true } } },
} as const;

interface Type {
  create(): object;
  fromPartial(partial: object): unknown;
}

let broker: RunningBroker;
let client: PubSubClient;
beforeAll(async () => {
  broker = await startBroker();
  client = await PubSubClient.connect({ address: broker.address, publishTimeoutMs: 10_000 });
  await client.createTopic("hostile");
  await client.createSubscription("hostile", { topic: "hostile" });
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

const unary = Object.entries(services).flatMap(([service, { methods }]) =>
  Object.entries(methods)
    .filter(([, method]) => !(method.requestStream || method.responseStream))
    .map(([method]) => [service as keyof typeof services, method] as const),
);

function extremesOf(value: unknown): readonly unknown[] {
  return EXTREMES[Array.isArray(value) ? "list" : typeof value] ?? [];
}

/** Requests of which each has one field at an extreme, also within settings. */
function* requestsOf(type: Type): Generator<[string, object]> {
  const fields = type.create();
  const base = Object.fromEntries(
    Object.keys(fields).flatMap((field) =>
      field in PLAUSIBLE ? [[field, PLAUSIBLE[field as keyof typeof PLAUSIBLE]]] : [],
    ),
  );
  yield ["plausible", base];
  for (const [field, value] of Object.entries(fields)) {
    for (const extreme of extremesOf(value)) yield [field, { ...base, [field]: extreme }];
  }
  if (!("settings" in fields)) return;
  for (const settings of [TopicSettings.create(), SubscriptionSettings.create()]) {
    for (const [field, value] of Object.entries(settings)) {
      for (const extreme of extremesOf(value)) {
        const stated = { ...PLAUSIBLE.settings, [field]: extreme };
        yield [`settings.${field}`, { ...base, name: "other", settings: stated }];
      }
    }
  }
}

it.each(unary)("%s.%s answers every extreme by name, and goes on", async (service, method) => {
  const caller = makeClient(services[service], {
    address: broker.address,
    credentials: credentials.createInsecure(),
  });
  const call = (
    caller as unknown as Record<string, (r: unknown, d: (e: ServiceError | null) => void) => void>
  )[method]?.bind(caller);
  const { requestType } = (services[service].methods as Record<string, { requestType: Type }>)[
    method
  ] as { requestType: Type };
  for (const [field, partial] of requestsOf(requestType)) {
    const request = requestType.fromPartial(partial);
    const error = await new Promise<ServiceError | null>((resolve) => call?.(request, resolve));
    if (error === null) continue;
    const { reason, message } = fromServiceError(error);
    const isOurs = !["INTERNAL", "STORAGE_FAILED", "DATA_CORRUPT", "CONNECTION_LOST"].includes(
      reason,
    );
    expect(isOurs, `${field}: ${message.slice(0, 300)}`).toBe(true);
  }
  caller.close();
  await client.createTopic("hostile");
  expect((await client.publish("hostile", { type: "still" })).durability).toBe("fsync");
});
