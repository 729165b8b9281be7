import { badRequest } from "@opendxa/pubsub-protocol";
import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";

/** Subscriptions and their snapshots. */
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
    async updateSubscription(request) {
      const engine = namespaces.engineOf(request.namespace);
      return { subscription: await engine.updateSubscription(request) };
    },
    async pauseSubscription(request) {
      const engine = namespaces.engineOf(request.namespace);
      return { subscription: await engine.pauseSubscription(request) };
    },
    async resumeSubscription({ namespace, name }) {
      return { subscription: await namespaces.engineOf(namespace).resumeSubscription(name) };
    },
    async seekSubscription(request) {
      const engine = namespaces.engineOf(request.namespace);
      return { subscription: await engine.seekSubscription(request) };
    },
    async createSnapshot(request) {
      return { snapshot: await namespaces.engineOf(request.namespace).createSnapshot(request) };
    },
    async listSnapshots(request) {
      return await namespaces.engineOf(request.namespace).listSnapshots(request);
    },
    async deleteSnapshot({ namespace, name }) {
      await namespaces.engineOf(namespace).deleteSnapshot(name);
      return {};
    },
    async getAccounting({ namespace, subscription }) {
      return await namespaces.engineOf(namespace).getAccounting(subscription);
    },
    async listBlockedKeys(request) {
      return await namespaces.engineOf(request.namespace).listBlockedKeys(request);
    },
    async skipEvents(request) {
      return { skipped: await namespaces.engineOf(request.namespace).skipEvents(request) };
    },
    async releaseKey(request) {
      await namespaces.engineOf(request.namespace).releaseKey(request);
      return {};
    },
    async deleteSubscription({ namespace, name }) {
      await namespaces.engineOf(namespace).deleteSubscription(name);
      return {};
    },
  };
}
