import type { Figure } from "../../report/result.js";
import type { ScenarioOptions } from "../../scenario.js";

/** What a part of a scenario is given. */
export interface PartContext<Sizes>
  extends Pick<ScenarioOptions, "rounds" | "measureMs" | "progress"> {
  /** Its own empty folder, which is removed after it. */
  readonly folder: string;
  /** Sizes of everything. */
  readonly sizes: Sizes;
}

/** What a part measured. */
export interface PartResult {
  /** Its figures, without their group. */
  readonly figures: readonly Figure[];
  /** What the reader must know. */
  readonly notes?: readonly string[];
}

/** One question of a scenario, with whatever it must be compared with in the same rounds. */
export interface Part<Sizes> {
  /** Name for `--only`. */
  readonly name: string;
  /** What it asks, in words. */
  readonly title: string;
  /** Longest that it may take, in milliseconds. */
  readonly limitMs: number;
  /** Measures. What it rejects with makes it a failure; the other parts are run all the same. */
  run(context: PartContext<Sizes>): Promise<PartResult>;
}

/** Runs the work once a round and says so on the way. */
export async function inRounds<T>(
  { rounds, progress }: Pick<PartContext<unknown>, "rounds" | "progress">,
  work: (round: number) => Promise<T>,
): Promise<T[]> {
  const measured: T[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    measured.push(await work(round));
    progress(`  round ${round} of ${rounds}`);
  }
  return measured;
}
