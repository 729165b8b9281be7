import { PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect({ source: "/guides/usage" });
const executionId = `x-${Date.now()}`;
await client.registerExecution({
  executionId,
  functionName: "detect_drift",
  version: "v1",
  correlationKeys: [`mlflow:run:${executionId}`, `pagerduty:dedup:${executionId}`],
});
await client.submitFeedback({
  correlationKeys: [`mlflow:run:${executionId}`],
  feedback: { feedbackType: "quality", rating: 1, comments: "a false alarm" },
});
const { outcome, feedback } = await client.awaitFeedback(executionId, {
  waitId: `w-${executionId}`,
});
console.log(outcome, feedback[0]?.feedback().comments); // feedback a false alarm
await client.close();
