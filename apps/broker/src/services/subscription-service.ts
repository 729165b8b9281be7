import type { services } from "@opendxa/pubsub-protocol/grpc";
import { badRequest } from "../errors.js";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";

/** Subscriptions: create, get, list, delete. */
export function subscriptionService(
  namespaces: Namespaces,
): ServedMethods<typeof services.subscription> {
  return {
    async createSubscription({ namespace, name, settings }) {
      const engine = namespaces.engineOf(namespace);
      if (settings === undefined) throw badRequest("settings", "must be set");
      const { value, existed } = await engine.createSubscription(name, settings);
      return { subscription: value, existed };
    },
    async getSubscription({ namespace, name }) {
      return { subscription: await namespaces.engineOf(namespace).getSubscription(name) };
    },
    async listSubscriptions(request) {
      return await namespaces.engineOf(request.namespace).listSubscriptions(request);
    },
    async deleteSubscription({ namespace, name }) {
      await namespaces.engineOf(namespace).deleteSubscription(name);
      return {};
    },
  };
}
