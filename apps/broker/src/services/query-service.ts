import { encodeReadEventsResponse } from "@opendxa/pubsub-protocol";
import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";

/** Reads what is stored. */
export function queryService(namespaces: Namespaces): ServedMethods<typeof services.query> {
  return {
    async *readEvents({ namespace, ...read }, signal) {
      const { topic, partition, offset, eventsMax, follow } = read;
      const range = { topic, partition, offset, eventsMax, follow };
      for await (const batches of namespaces.engineOf(namespace).readEvents(range, signal)) {
        yield encodeReadEventsResponse(batches);
      }
    },
    async listCorrelatedEvents(request) {
      return await namespaces.engineOf(request.namespace).listCorrelatedEvents(request);
    },
  };
}
