import { badRequest } from "@opendxa/pubsub-protocol";
import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";
import { checkFrame, frameBytes } from "../streams/check-frame.js";
import { PublishSession } from "../streams/publish-session.js";
import type { StreamSurroundings } from "../streams/stream-transport.js";

/** Takes events in: one frame at a time, or a stream of them. */
export function publisherService(
  namespaces: Namespaces,
  surroundings: StreamSurroundings,
): ServedMethods<typeof services.publisher> {
  return {
    async publish({ namespace, frame }) {
      const engine = namespaces.engineOf(namespace);
      if (frame === undefined) throw badRequest("frame", "must be set");
      checkFrame(frame, frameBytes(frame));
      return { results: await engine.publish(frame) };
    },
    async ackAndPublish(request) {
      const engine = namespaces.engineOf(request.namespace);
      const { acks, frame } = request;
      if (frame === undefined) throw badRequest("frame", "must be set");
      checkFrame(frame, frameBytes(frame));
      // Without anything to settle it would publish with the permission to subscribe.
      if (acks.length === 0) throw badRequest("acks", "must name what is settled");
      return await engine.ackAndPublish(request);
    },
    async cancelScheduledEvent(request) {
      const engine = namespaces.engineOf(request.namespace);
      return { cancelled: await engine.cancelScheduledEvent(request) };
    },
    publishStream: (transport) => new PublishSession(transport, namespaces, surroundings),
  };
}
