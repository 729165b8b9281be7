import { parseArgs } from "node:util";

/** Which seeds a run goes through. */
export interface SeedRange {
  /** First seed. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}

/** Reads `--seeds N --seed S`; the first seed is 1 where none is named. Throws on what is none. */
export function parseSeedRange(args: readonly string[], seedsDefault: number): SeedRange {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: String(seedsDefault) },
      seed: { type: "string", default: "1" },
    },
  });
  return { first: wholeNumber("seed", values.seed), count: wholeNumber("seeds", values.seeds) };
}
