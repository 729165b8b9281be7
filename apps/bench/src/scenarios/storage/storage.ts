import { withFolder } from "../../bench-folder.js";
import type { Figure, Result } from "../../report/result.js";
import type { Scenario, ScenarioOptions } from "../../scenario.js";
import { withTimeLimit } from "../../time-limit.js";
import { append } from "./append.js";
import { checkpoint } from "./checkpoint.js";
import { diskUse } from "./disk-use.js";
import { emptyStart } from "./empty-start.js";
import { journals } from "./journals.js";
import { memory } from "./memory.js";
import type { PartResult, StoragePart } from "./part.js";
import { recovery } from "./recovery.js";
import { retention } from "./retention.js";
import { fullSizes, quickSizes, type StorageSizes } from "./sizes.js";
import { topics } from "./topics.js";

/** In this order: what writes most comes last, so that it disturbs least. */
const parts: readonly StoragePart[] = [
  append,
  emptyStart,
  checkpoint,
  topics,
  journals,
  diskUse,
  memory,
  recovery,
  retention,
];

/** Everything that is promised of storage: append, recovery, memory, place on disk, retention. */
export const storage: Scenario = {
  name: "storage",
  summary: `what is promised of storage; --only ${parts.map(({ name }) => name).join(",")}`,
  limitMs: parts.reduce((sum, { limitMs }) => sum + limitMs, 0),
  run: async (options) => {
    const sizes = options.isQuick ? quickSizes : fullSizes(options.measureMs);
    const results: PartResult[] = [];
    for (const part of chosen(options.only)) {
      results.push(await runPart(part, sizes, options));
    }
    return resultOf(results, options);
  },
};

function chosen(names: readonly string[]): readonly StoragePart[] {
  const unknown = names.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) throw new Error(`the storage scenario has no part ${unknown}`);
  return names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name));
}

async function runPart(
  part: StoragePart,
  sizes: StorageSizes,
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

function resultOf(results: readonly PartResult[], { rounds, measureMs }: ScenarioOptions): Result {
  return {
    scenario: "storage",
    setting: { rounds, measureMs },
    figures: results.flatMap(({ figures }) => figures),
    notes: results.flatMap(({ notes = [] }) => notes),
  };
}
