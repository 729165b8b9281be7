import { PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect({ source: "/samples/publish" });
await client.createTopic("greetings");

const receipt = await client.publish("greetings", {
  type: "greeting",
  json: { text: "Grüß Gott" },
});
console.log(`stored at ${receipt.topic}/${receipt.partition}/${receipt.offset}`);

await client.close();
