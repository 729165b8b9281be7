import { PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect({ name: "learner" });
client.onStateChange(({ state, error }) => console.log(state, error?.message ?? ""));

// What the handler resolves is acked; what it throws at comes again.
const learner = await client.subscribe("feedback", (event) => {
  const { executionId, feedbackType } = event.feedback();
  console.log(`learning from ${feedbackType} feedback on ${executionId}`);
});

await client.publish("feedback", {
  functionId: "detect_drift",
  executionId: "run-42",
  feedbackType: "quality",
  metrics: { precision: 0.93 },
});

// The same, one event at a time.
const events = await client.subscribe({
  subscription: "auditor",
  topic: "feedback",
  start: "earliest",
});
for await (const event of events) {
  console.log(`audited ${event.type} at offset ${event.offset}`);
  await event.ack();
  break;
}

await learner.close();
await client.close();
