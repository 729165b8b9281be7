import { badRequest } from "@opendxa/pubsub-protocol";
import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";
import { checkSettlementItems } from "../streams/check-settlement.js";
import { consume } from "../streams/consume.js";
import type { StreamSurroundings } from "../streams/stream-transport.js";
import { SubscribeSession } from "../streams/subscribe-session.js";

/** Hands events out. */
export function subscriberService(
  namespaces: Namespaces,
  surroundings: StreamSurroundings,
): ServedMethods<typeof services.subscriber> {
  return {
    subscribe: (transport) => new SubscribeSession(transport, namespaces, surroundings),
    consume: (request, signal) => consume(request, { namespaces, surroundings, signal }),
    async settle({ namespace, subscription, settlement }) {
      const engine = namespaces.engineOf(namespace);
      if (settlement === undefined) throw badRequest("settlement", "must be set");
      checkSettlementItems(settlement);
      return { exceptions: await engine.settle(subscription, settlement) };
    },
  };
}
