import { PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect({ name: "learner" });
await client.subscribe("feedback", async (event) => {
  const { function_id, execution_id } = event.json<Record<string, string>>();
  console.log(function_id, execution_id);
  await client.publish("learning", { type: "learning", json: { function_id, version: "v2" } });
});
await client.publish("feedback", {
  type: "feedback",
  json: { function_id: "detect_drift", execution_id: "x-1", feedback_type: "success" },
});
process.once("SIGINT", () => void client.close());
