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

/** Topics of the broker itself: clients neither create them nor publish to them. */
export function belongsToBroker(topic: string): boolean {
  return topic.split("/").some((segment) => segment.startsWith("$"));
}
