import { parseSeedRange, type SeedRange } from "../seed-range.js";
import { FAULTS_PRINTED_MAX, THOROUGH_SEEDS } from "./limits.js";

/** Seeds where none are asked for. */
const SEEDS_DEFAULT = 200;

/** Reads the arguments of `npm run faults --`. Throws on what is none. */
export function parseSeeds(args: readonly string[]): SeedRange {
  return parseSeedRange(args, SEEDS_DEFAULT);
}

/** The one command that repeats the history of a seed. */
export function replayCommand(seed: number): string {
  return `npm run faults -- --seeds 1 --seed ${seed}`;
}

/** What is printed of a seed that failed. */
export function failureLines(seed: number, faults: readonly string[]): string[] {
  return [
    `FAIL seed ${seed}; again: ${replayCommand(seed)}`,
    ...faults.slice(0, FAULTS_PRINTED_MAX).map((fault) => `       ${fault}`),
  ];
}

/** How often each thing happened, over all seeds. */
export class Totals {
  readonly #counts = new Map<string, number>();

  /** Adds to one. */
  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  /** Names in order, with how often. */
  entries(): [string, number][] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What never happened; a run of few seeds need not see everything. */
  neverTried(seeds: number): string[] {
    if (seeds < THOROUGH_SEEDS) return [];
    return this.entries().flatMap(([name, count]) => (count === 0 ? [name] : []));
  }
}
