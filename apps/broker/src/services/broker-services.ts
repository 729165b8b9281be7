import type { Server } from "@grpc/grpc-js";
import { services } from "@opendxa/pubsub-protocol/grpc";
import { addService } from "../grpc/add-service.js";
import type { CallContext } from "../grpc/call-handlers.js";
import type { Namespaces } from "../namespaces.js";
import type { StreamSurroundings } from "../streams/stream-transport.js";
import { brokerService } from "./broker-service.js";
import { feedbackService } from "./feedback-service.js";
import { publisherService } from "./publisher-service.js";
import { queryService } from "./query-service.js";
import { subscriberService } from "./subscriber-service.js";
import { subscriptionService } from "./subscription-service.js";
import { topicService } from "./topic-service.js";

/** Adds every service of the contract to a server. */
export function addServices(
  server: Server,
  namespaces: Namespaces,
  { surroundings, context }: { surroundings: StreamSurroundings; context: CallContext },
): void {
  addService(server, services.broker, brokerService(namespaces), context);
  addService(server, services.feedback, feedbackService(namespaces, surroundings), context);
  addService(server, services.publisher, publisherService(namespaces, surroundings), context);
  addService(server, services.query, queryService(namespaces), context);
  addService(server, services.schema, {}, context);
  addService(server, services.subscriber, subscriberService(namespaces, surroundings), context);
  addService(server, services.subscription, subscriptionService(namespaces), context);
  addService(server, services.topic, topicService(namespaces), context);
}
