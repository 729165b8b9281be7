import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";
import type { StreamSurroundings } from "../streams/stream-transport.js";
import { SubscribeSession } from "../streams/subscribe-session.js";

/** Hands events out. */
export function subscriberService(
  namespaces: Namespaces,
  surroundings: StreamSurroundings,
): ServedMethods<typeof services.subscriber> {
  return {
    subscribe: (transport) => new SubscribeSession(transport, namespaces, surroundings),
  };
}
