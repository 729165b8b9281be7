import { PubSubError } from "@opendxa/pubsub-protocol";

/**
 * Topics that come into being when they are first used, because the loop of feedback needs them
 * and no user should have to create them: `poet/**`, `ingress/**`, `feedback` and `learning`.
 */
export function isCreatedOnFirstUse(topic: string): boolean {
  return (
    topic === "feedback" ||
    topic === "learning" ||
    topic.startsWith("poet/") ||
    topic.startsWith("ingress/")
  );
}

/**
 * Checks that a topic is not one of the broker itself, which clients neither create nor publish to.
 * Throws TOPIC_NAME_INVALID.
 */
export function requireClientsTopic(topic: string): void {
  if (!topic.split("/").some((segment) => segment.startsWith("$"))) return;
  const rule = "segments beginning with '$' belong to the broker";
  throw PubSubError.of("TOPIC_NAME_INVALID", `topic ${topic}: ${rule}`, {
    metadata: { topic, rule },
  });
}
