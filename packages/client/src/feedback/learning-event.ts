import { LearningEvent } from "@opendxa/pubsub-protocol";
import { fromSnakeCase, toSnakeCase } from "./snake-case.js";

/** What was learned, as it is given: what is absent is empty. */
export type LearningInput = Pick<LearningEvent, "functionId" | "learningType"> &
  Partial<LearningEvent>;

/** Whether an object says what was learned: it names the function and the type of learning. */
export function isLearning(given: object): given is LearningInput {
  return "learningType" in given && "functionId" in given;
}

/** What was learned in the contract's own form, as it stands in JSON; it is published as it is. */
export interface LearningJson {
  /** The function; POET's `function_name`. */
  readonly function_id: string;
  /** `improvement`, `regression` or `new_pattern`. */
  readonly learning_type: string;
  /** The other fields of the contract, and those of later versions. */
  readonly [field: string]: unknown;
}

/** Whether an object says what was learned in the contract's own form. */
export function isLearningJson(given: object): given is LearningJson {
  return "learning_type" in given && "function_id" in given;
}

/** What was learned as it stands in `data`: JSON with the contract's snake_case names. */
export function learningJson(learning: LearningInput): Record<string, unknown> {
  return toSnakeCase(LearningEvent.toJSON(LearningEvent.fromPartial(learning)) as object);
}

/** Reads what was learned out of JSON with the contract's names. */
export function learningFromJson(json: unknown): LearningEvent {
  return LearningEvent.fromJSON(fromSnakeCase(json));
}
