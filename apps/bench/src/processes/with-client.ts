import { PubSubClient } from "@opendxa/pubsub-client";
import type { BrokerProcess } from "./broker-process.js";

/** Connects a client for what is asked of a broker beside its load, and closes it. */
export async function withClient<T>(
  { address }: BrokerProcess,
  work: (client: PubSubClient) => Promise<T>,
): Promise<T> {
  const client = await PubSubClient.connect({ address, source: "/bench" });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
