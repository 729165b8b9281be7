// Reads every event of a topic with the TypeScript client and publishes it again, as its effect.
const [client, address, topic] = process.argv.slice(2);
const { PubSubClient } = await import(client);
const pubsub = await PubSubClient.connect({ address, source: "/typescript" });
const events = [];
for await (const event of pubsub.read(topic)) events.push(event);
for (const event of events) {
  const { type, data, dataContentType, timeUnixNs, correlationId, attributes, id } = event;
  const envelope = { type, timeUnixNs, correlationId, attributes, causationId: id };
  await pubsub.publish(topic, { ...envelope, data, dataContentType });
}
await pubsub.close();
