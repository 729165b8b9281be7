import { PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect();
const subscription = await client.subscribe({
  subscription: "billing",
  topic: "orders",
  start: "earliest",
  ackDeadlineMs: 30_000,
});
for await (const event of subscription) {
  console.log(event.type, event.subject, event.attempt);
  await event.ack(); // or event.nack({ delayMs: 5_000, reason: "not yet" })
  break;
}
await client.close();
