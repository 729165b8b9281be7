import { withFolder } from "../../bench-folder.js";
import type { Figure, Result } from "../../report/result.js";
import type { Scenario, ScenarioOptions } from "../../scenario.js";
import { withTimeLimit } from "../../time-limit.js";
import type { Part, PartResult } from "./part.js";

/** A scenario that consists of questions of which each can be asked alone. */
export interface ScenarioOfParts<Sizes> {
  /** Name on the command line. */
  readonly name: string;
  /** What it measures, in one sentence. */
  readonly summary: string;
  /** In this order: what writes most comes last, so that it disturbs least. */
  readonly parts: readonly Part<Sizes>[];
  /** Sizes for figures that count. */
  readonly fullSizes: (measureMs: number) => Sizes;
  /** Sizes of a smoke test. */
  readonly quickSizes: Sizes;
}

/** Runs the parts that are asked for one after another; one that fails is a figure. */
export function scenarioOfParts<Sizes>(from: ScenarioOfParts<Sizes>): Scenario {
  const { name, summary, parts, fullSizes, quickSizes } = from;
  return {
    name,
    summary: `${summary}; --only ${parts.map((part) => part.name).join(",")}`,
    limitMs: parts.reduce((sum, { limitMs }) => sum + limitMs, 0),
    run: async (options) => {
      const sizes = options.isQuick ? quickSizes : fullSizes(options.measureMs);
      const results: PartResult[] = [];
      for (const part of chosen(name, parts, options.only)) {
        results.push(await runPart(part, sizes, options));
      }
      return resultOf(name, results, options);
    },
  };
}

function chosen<Sizes>(
  scenario: string,
  parts: readonly Part<Sizes>[],
  names: readonly string[],
): readonly Part<Sizes>[] {
  const unknown = names.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) throw new Error(`the ${scenario} scenario has no part ${unknown}`);
  return names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name));
}

async function runPart<Sizes>(
  part: Part<Sizes>,
  sizes: Sizes,
  { folder, rounds, measureMs, progress }: ScenarioOptions,
): Promise<PartResult> {
  const group = `${part.name}: ${part.title}`;
  progress(group);
  try {
    const { figures, notes = [] } = await withTimeLimit(part.name, part.limitMs, () =>
      withFolder(folder, (own) => part.run({ folder: own, rounds, measureMs, progress, sizes })),
    );
    return { figures: figures.map((figure) => ({ ...figure, group })), notes };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    progress(`  failed: ${why}`);
    const figure: Figure = {
      group,
      name: part.name,
      unit: "",
      values: [],
      notMeasured: { as: "failed", why },
    };
    return { figures: [figure] };
  }
}

function resultOf(
  scenario: string,
  results: readonly PartResult[],
  { rounds, measureMs }: ScenarioOptions,
): Result {
  return {
    scenario,
    setting: { rounds, measureMs },
    figures: results.flatMap(({ figures }) => figures),
    notes: results.flatMap(({ notes = [] }) => notes),
  };
}
