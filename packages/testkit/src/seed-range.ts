import { parseArgs } from "node:util";

/** Which seeds a run goes through. */
export interface SeedRange {
  /** First seed. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || !Number.isSafeInteger(number)) {
    throw new Error(`--${name} must be a whole number from ${least} on, not ${text}`);
  }
  return number;
}

/**
 * Reads `--seeds N --seed S`; the first seed is 1 where none is named. Throws on what is none: also on no
 * seeds at all, because a run of nothing would pass and prove nothing.
 */
export function parseSeedRange(args: readonly string[], seedsDefault: number): SeedRange {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: String(seedsDefault) },
      seed: { type: "string", default: "1" },
    },
  });
  return {
    first: wholeNumber("seed", values.seed, 0),
    count: wholeNumber("seeds", values.seeds, 1),
  };
}

/** The seeds that a process was asked for; what is none ends it with one sentence. */
export function seedRangeOfProcess(parse: (args: readonly string[]) => SeedRange): SeedRange {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
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
