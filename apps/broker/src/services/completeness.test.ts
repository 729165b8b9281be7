import { Server } from "@grpc/grpc-js";
import { requiredPermissions } from "@opendxa/pubsub-protocol";
import { services } from "@opendxa/pubsub-protocol/grpc";
import { pino } from "pino";
import { expect, it } from "vitest";
import { addService, rpcName } from "../grpc/add-service.js";
import { LiveCalls } from "../grpc/live-calls.js";
import { Incidents } from "../incidents.js";
import { Namespaces } from "../namespaces.js";
import { notServed } from "../not-served.js";
import type { StreamSurroundings } from "../streams/stream-transport.js";
import { brokerService } from "./broker-service.js";
import { feedbackService } from "./feedback-service.js";
import { publisherService } from "./publisher-service.js";
import { queryService } from "./query-service.js";
import { subscriberService } from "./subscriber-service.js";
import { subscriptionService } from "./subscription-service.js";
import { topicService } from "./topic-service.js";

const namespaces = new Namespaces(new Map());
const surroundings: StreamSurroundings = {
  ticker: { every: () => () => undefined },
  endOfTurn: (run) => run(),
  nowMs: () => 0,
  heartbeatMs: 5_000,
};
const served: Readonly<Record<keyof typeof services, object>> = {
  broker: brokerService(namespaces),
  feedback: feedbackService(namespaces, surroundings),
  publisher: publisherService(namespaces, surroundings),
  query: queryService(namespaces),
  schema: {},
  subscriber: subscriberService(namespaces, surroundings),
  subscription: subscriptionService(namespaces),
  topic: topicService(namespaces),
};

it("serves or lists every RPC of the contract, never both", () => {
  const names = Object.entries(services).flatMap(([key, service]) =>
    Object.entries(service.methods).map(([method, shape]) => {
      const name = rpcName(service, shape);
      const isServed = method in served[key as keyof typeof services];
      expect([name, isServed, name in notServed]).toEqual([name, isServed, !isServed]);
      return name;
    }),
  );
  expect(names).toHaveLength(new Set(names).size);
  expect(Object.keys(notServed).filter((name) => !names.includes(name))).toEqual([]);
  const permissions = Object.keys(requiredPermissions).filter((name) =>
    name.startsWith("/opendxa.pubsub.v1."),
  );
  expect(permissions.sort()).toEqual(names.map((name) => `/opendxa.pubsub.v1.${name}`).sort());
});

it("does not start with an RPC that is neither or both", () => {
  const context = { incidents: new Incidents(pino({ level: "silent" })), live: new LiveCalls() };
  expect(() => addService(new Server(), services.topic, {}, context)).toThrow(/never both/);
  const both = {
    ...served.subscription,
    async *redrive() {
      yield { redriven: 0n, failed: 0n, done: true };
    },
  };
  expect(() => addService(new Server(), services.subscription, both, context)).toThrow(
    /never both/,
  );
});
