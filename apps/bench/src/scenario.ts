import type { Result } from "./report/result.js";

/** What the command line gives to a scenario. */
export interface ScenarioOptions {
  /** Folder on the disk under test; the scenario makes and removes its own folders in it. */
  readonly folder: string;
  /** Rounds, each with every measurement once; 1 to 100. */
  readonly rounds: number;
  /** Length of one measurement in milliseconds. */
  readonly measureMs: number;
  /** How many things the scenario makes; only some scenarios ask. */
  readonly count: number | undefined;
  /** Sizes of a smoke test: it shows that the scenario runs, its figures say nothing. */
  readonly isQuick: boolean;
  /** Only these parts, where the scenario has several; none: all. */
  readonly only: readonly string[];
  /** Says how far it is, in one line. */
  readonly progress: (line: string) => void;
}

/** One benchmark. A new one is a file in `scenarios/` and a line in its `registry.ts`. */
export interface Scenario {
  /** Name on the command line. */
  readonly name: string;
  /** What it measures, in one sentence. */
  readonly summary: string;
  /** Longest that it may take, in milliseconds; beyond, all its processes are ended. */
  readonly limitMs: number;
  /** Runs it. Rejects when it could not measure; a figure that misses its requirement is a result. */
  run(options: ScenarioOptions): Promise<Result>;
}
