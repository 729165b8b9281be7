import type { HistoryFigures } from "../history/checker/figures.js";
import { simulate } from "./simulation.js";

/** Faults of one seed that are printed. */
const FAULTS_PRINTED_MAX = 10;

/** What one seed came to; plain data, so that another process can tell of it. */
export interface SeedOutcome {
  /** The seed. */
  readonly seed: number;
  /** What is printed of it; empty when all is well. */
  readonly failure: readonly string[];
  /** What its run did; absent when it never came to its end. */
  readonly figures?: HistoryFigures | undefined;
}

/** First line of what is printed of a seed that failed. */
export function failureLine(seed: number): string {
  return `FAIL seed ${seed}; again: npm run simulate -- --seeds 1 --seed ${seed}`;
}

/** Runs one seed. */
export async function outcomeOf(seed: number): Promise<SeedOutcome> {
  const { faults, figures, folder } = await simulate(seed);
  if (faults.length === 0) return { seed, failure: [], figures };
  const printed = faults.slice(0, FAULTS_PRINTED_MAX).map((fault) => `       ${fault}`);
  const where = `       ${faults.length} in all; its history: ${folder}`;
  return { seed, failure: [failureLine(seed), ...printed, where], figures };
}
