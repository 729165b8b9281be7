import type { JsonValue } from "./json.js";
import { verdictCharsMax } from "./limits.js";

/** A judgement found in a tag, alias, custom field or resolve reason. */
export type Verdict = "false_positive" | "confirmed_drift" | "approved" | "rejected";

const words: ReadonlyMap<string, Verdict> = new Map([
  ["false_positive", "false_positive"],
  ["false_alarm", "false_positive"],
  ["noise", "false_positive"],
  ["no_drift", "false_positive"],
  ["confirmed_drift", "confirmed_drift"],
  ["confirmed", "confirmed_drift"],
  ["true_positive", "confirmed_drift"],
  ["real_drift", "confirmed_drift"],
  ["approved", "approved"],
  ["passed", "approved"],
  ["validated", "approved"],
  ["rejected", "rejected"],
  ["failed", "rejected"],
]);

/**
 * The verdict that a value spells, whatever its case and separators; undefined for anything else.
 * Only whole values count: free text is never searched.
 */
export function verdictOf(value: JsonValue | undefined): Verdict | undefined {
  if (typeof value !== "string" || value.length > verdictCharsMax) return undefined;
  return words.get(
    value
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, "_"),
  );
}

/** Whether the judged thing was right: the score that learners get as `outcome_score`. */
export function isPositive(verdict: Verdict): boolean {
  return verdict === "confirmed_drift" || verdict === "approved";
}
