import { LearningEvent } from "@opendxa/pubsub-protocol";
import { fromSnakeCase, toSnakeCase } from "./snake-case.js";

/** What was learned, as it is given: what is absent is empty. */
export type LearningInput = Pick<LearningEvent, "functionId" | "learningType"> &
  Partial<LearningEvent>;

/** Whether an object says what was learned: it names the function and the type of learning. */
export function isLearning(given: object): given is LearningInput {
  return "learningType" in given && "functionId" in given;
}

/** What was learned as it stands in `data`: JSON with the contract's snake_case names. */
export function learningJson(learning: LearningInput): Record<string, unknown> {
  return toSnakeCase(LearningEvent.toJSON(LearningEvent.fromPartial(learning)) as object);
}

/** Reads what was learned out of JSON with the contract's names. */
export function learningFromJson(json: unknown): LearningEvent {
  return LearningEvent.fromJSON(fromSnakeCase(json));
}
