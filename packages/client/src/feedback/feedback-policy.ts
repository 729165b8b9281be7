import { FeedbackPolicy } from "@opendxa/pubsub-protocol";
import { oneOf } from "../arguments.js";

const POLICIES = ["first", "all"] as const;

/** How much feedback is wanted: the first, for `all` correlation keys, or for a number of them. */
export type FeedbackPolicyInput = "first" | "all" | number;

/** The same as the contract's two fields. */
export function policyFields(policy: FeedbackPolicyInput): {
  policy: FeedbackPolicy;
  feedbackCount: number;
} {
  if (typeof policy === "number") return { policy: FeedbackPolicy.N_OF_M, feedbackCount: policy };
  const isAll = oneOf("policy", policy, POLICIES) === "all";
  return { policy: isAll ? FeedbackPolicy.ALL : FeedbackPolicy.FIRST, feedbackCount: 0 };
}
