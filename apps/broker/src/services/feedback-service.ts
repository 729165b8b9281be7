import { badRequest } from "@opendxa/pubsub-protocol";
import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";
import type { StreamSurroundings } from "../streams/stream-transport.js";
import { withHeartbeats } from "../streams/wait-heartbeats.js";

/** Executions, their feedback, and waiting for it. */
export function feedbackService(
  namespaces: Namespaces,
  { ticker, heartbeatMs }: StreamSurroundings,
): ServedMethods<typeof services.feedback> {
  return {
    async registerExecution({ namespace, execution }) {
      const engine = namespaces.engineOf(namespace);
      if (execution === undefined) throw badRequest("execution", "must be set");
      return await engine.registerExecution(execution);
    },
    async getExecution({ namespace, executionId }) {
      return { execution: await namespaces.engineOf(namespace).getExecution(executionId) };
    },
    async submitFeedback(request) {
      const engine = namespaces.engineOf(request.namespace);
      if (request.feedback === undefined) throw badRequest("feedback", "must be set");
      return await engine.submitFeedback(request);
    },
    async *awaitFeedback(request, signal) {
      const progress = namespaces.engineOf(request.namespace).awaitFeedback(request, signal);
      yield* withHeartbeats(progress, ticker, heartbeatMs);
    },
    async getWait({ namespace, waitId }) {
      return { wait: await namespaces.engineOf(namespace).getWait(waitId) };
    },
  };
}
