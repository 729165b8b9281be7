import { PubSubClient, PubSubError } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect({ source: "/guides/usage" });
await client.createTopic("orders");
const receipt = await client.publish("orders", {
  type: "order.placed",
  subject: "order-7",
  json: { amount: 12 },
  attributes: { shop: "north" },
});
console.log(receipt.offset, receipt.durability); // 0n fsync
try {
  await client.publish("no such topic", { type: "order.placed" });
} catch (error) {
  if (error instanceof PubSubError) console.log(error.reason); // TOPIC_NOT_FOUND
}
await client.close();
