import { credentials } from "@grpc/grpc-js";
import { PubSubError, type TopicSettings } from "@opendxa/pubsub-client";
import { UpdateTopicRequest } from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import type { BrokerProcess } from "./broker-process.js";

/** How much of a topic is kept. */
type Retention = Pick<TopicSettings, "retentionBytes">;

/**
 * Changes how much of a topic is kept.
 *
 * @returns false where this version of the broker does not serve it yet
 */
export async function updateRetention(
  { address }: BrokerProcess,
  name: string,
  settings: Retention,
): Promise<boolean> {
  const client = makeClient(services.topic, { address, credentials: credentials.createInsecure() });
  const request = UpdateTopicRequest.fromPartial({ name, settings, fields: ["retention_bytes"] });
  try {
    await new Promise<void>((resolve, reject) => {
      client.updateTopic(request, (error) =>
        error === null ? resolve() : reject(fromServiceError(error)),
      );
    });
    return true;
  } catch (error) {
    if (error instanceof PubSubError && error.reason === "NOT_SERVED_YET") return false;
    throw error;
  } finally {
    client.close();
  }
}
