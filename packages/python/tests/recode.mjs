// Reads the events of a topic with the TypeScript client, and prints them packed again in its codec.
const [client, protocol, address, topic] = process.argv.slice(2);
const { PubSubClient } = await import(client);
const { encodeBatch, RecordBatch } = await import(protocol);
const pubsub = await PubSubClient.connect({ address });
try {
  const events = [];
  for await (const event of pubsub.read(topic)) {
    events.push({ id: `again-${event.id}`, type: event.type, data: event.data });
  }
  const codec = Number(topic.at(-1));
  const batch = encodeBatch({ topic, codec, events });
  const hex = Buffer.from(RecordBatch.encode(batch).finish()).toString("hex");
  process.stdout.write(JSON.stringify({ hex }));
} finally {
  await pubsub.close();
}
