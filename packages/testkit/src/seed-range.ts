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

/** Cuts a range into at most so many parts that follow each other, none empty, all about as long. */
export function splitRange({ first, count }: SeedRange, parts: number): SeedRange[] {
  const used = Math.min(parts, count);
  const cuts = Array.from({ length: used + 1 }, (_, i) => Math.floor((count * i) / used));
  return cuts.slice(1).map((end, i) => {
    const begin = cuts[i] ?? 0;
    return { first: first + begin, count: end - begin };
  });
}
