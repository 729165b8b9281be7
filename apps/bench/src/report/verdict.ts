import { median } from "../statistics.js";
import type { Bound, Figure, Result } from "./result.js";

/** What became of a figure: `measured` has no bound; the last two have no values. */
export type Verdict = "goal" | "holds" | "missed" | "measured" | "skipped" | "failed";

/** Does the value hold the bound? */
export function holds(value: number, bound: Bound): boolean {
  return bound.at === "least" ? value >= bound.value : value <= bound.value;
}

/** Judges the median of a figure. Without values it failed, unless it says that it was skipped. */
export function verdictOf({ values, required, goal, notMeasured }: Figure): Verdict {
  if (values.length === 0) return notMeasured?.as ?? "failed";
  const middle = median(values);
  if (required !== undefined && !holds(middle, required)) return "missed";
  if (goal !== undefined && holds(middle, goal)) return "goal";
  return required === undefined ? "measured" : "holds";
}

/** Does every requirement that could be asked for hold, and was at least one measured? */
export function passes({ figures }: Result): boolean {
  const verdicts = figures.map(verdictOf);
  if (verdicts.some((verdict) => verdict === "missed" || verdict === "failed")) return false;
  return figures.some(({ required, values }) => required !== undefined && values.length > 0);
}
