import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import type { Namespaces } from "../namespaces.js";

/** Topics: create, get, list, update, delete. */
export function topicService(namespaces: Namespaces): ServedMethods<typeof services.topic> {
  return {
    async createTopic({ namespace, name, settings }) {
      const { value, existed } = await namespaces.engineOf(namespace).createTopic(name, settings);
      return { topic: value, existed };
    },
    async updateTopic(request) {
      return { topic: await namespaces.engineOf(request.namespace).updateTopic(request) };
    },
    async deleteTopic({ namespace, name }) {
      await namespaces.engineOf(namespace).deleteTopic(name);
      return {};
    },
    async getTopic({ namespace, name }) {
      return { topic: await namespaces.engineOf(namespace).getTopic(name) };
    },
    async listTopics(request) {
      return await namespaces.engineOf(request.namespace).listTopics(request);
    },
  };
}
