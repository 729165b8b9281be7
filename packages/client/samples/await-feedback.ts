import { PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect();
await client.registerExecution({
  executionId: "run-43",
  functionName: "detect_drift",
  correlationKeys: ["pagerduty:dedup:drift-43"],
});

// Hours later, from another system; a webhook connector does the same.
await client.submitFeedback({
  correlationKeys: ["pagerduty:dedup:drift-43"],
  feedback: { feedbackType: "quality", comments: "a false alarm" },
});

const { outcome, feedback } = await client.awaitFeedback("run-43", { waitId: "learner-run-43" });
console.log(outcome, feedback[0]?.feedback().comments);

for await (const event of client.eventsByCorrelationId("run-43")) {
  console.log(`${event.topic} ${event.type}`);
}

await client.close();
