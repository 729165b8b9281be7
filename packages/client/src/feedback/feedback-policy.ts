import { FeedbackPolicy } from "@opendxa/pubsub-protocol";

/** How much feedback is wanted: the first, for `all` correlation keys, or for a number of them. */
export type FeedbackPolicyInput = "first" | "all" | number;

/** The same as the contract's two fields. */
export function policyFields(policy: FeedbackPolicyInput): {
  policy: FeedbackPolicy;
  feedbackCount: number;
} {
  if (typeof policy === "number") return { policy: FeedbackPolicy.N_OF_M, feedbackCount: policy };
  const named = policy === "all" ? FeedbackPolicy.ALL : FeedbackPolicy.FIRST;
  return { policy: named, feedbackCount: 0 };
}
