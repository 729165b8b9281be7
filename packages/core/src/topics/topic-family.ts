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
