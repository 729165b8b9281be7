import { FeedbackEvent } from "@opendxa/pubsub-protocol";
import { fromSnakeCase, toSnakeCase } from "./snake-case.js";

/** Feedback on one execution as it is given: what is absent is empty. */
export type FeedbackInput = Pick<FeedbackEvent, "executionId" | "feedbackType"> &
  Partial<FeedbackEvent>;

/** Whether an object is feedback: it names what it is about and of which type it is. */
export function isFeedback(given: object): given is FeedbackInput {
  return "feedbackType" in given && "executionId" in given;
}

/** Feedback in the contract's own form, as it stands in JSON; it is published as it is. */
export interface FeedbackJson {
  /** The execution that it is about. */
  readonly execution_id: string;
  /** `success`, `error`, `performance` or `quality`, also `user` and `system`. */
  readonly feedback_type: string;
  /** The other fields of the contract, and those of later versions. */
  readonly [field: string]: unknown;
}

/** Whether an object is feedback in the contract's own form. */
export function isFeedbackJson(given: object): given is FeedbackJson {
  return "feedback_type" in given && "execution_id" in given;
}

/** Feedback as it stands in `data`: JSON with the contract's snake_case names. */
export function feedbackJson(feedback: FeedbackInput): Record<string, unknown> {
  return toSnakeCase(FeedbackEvent.toJSON(FeedbackEvent.fromPartial(feedback)) as object);
}

/** Reads feedback out of JSON with the contract's names. Fields of other versions are left out. */
export function feedbackFromJson(json: unknown): FeedbackEvent {
  return FeedbackEvent.fromJSON(fromSnakeCase(json));
}
