import { PubSubClient } from "@opendxa/pubsub-client";

/** A learner in a process of its own: prints what it was taught, one JSON line a feedback. */
const [, , address = ""] = process.argv;
const client = await PubSubClient.connect({ address, source: "/walkthrough/typescript" });
await client.subscribe(
  { subscription: "typescript-learner", topic: "feedback", start: "earliest" },
  (event) => {
    const feedback = event.json<{ execution_id: string; feedback_type: string }>();
    const { execution_id, feedback_type } = feedback;
    process.stdout.write(`${JSON.stringify({ id: event.id, execution_id, feedback_type })}\n`);
  },
);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
process.once("SIGTERM", () => {
  void client.close().then(() => process.exit(0));
});
