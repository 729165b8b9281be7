import { median, type Spread, spreadOf } from "../statistics.js";
import type { Machine } from "./machine.js";
import type { Bound, Ceiling, Figure, Result } from "./result.js";
import { passes, type Verdict, verdictOf } from "./verdict.js";

/** Version of the file that `--json` writes; `compare` refuses another. */
export const REPORT_VERSION = 1;

/** A figure as it is written down. */
export interface ReportedFigure {
  /** Heading that it stands under; empty where the scenario has none. */
  readonly group: string;
  /** What it is. */
  readonly name: string;
  /** Its unit. */
  readonly unit: string;
  /** One value a round. */
  readonly values: readonly number[];
  /** Median and ends of the values; null without values. */
  readonly spread: Spread | null;
  /** What must hold, or null. */
  readonly required: Bound | null;
  /** What we want, or null. */
  readonly goal: Bound | null;
  /** What the machine reached, its median, and the figure's share of it; null where there is none. */
  readonly ceiling: (Ceiling & { readonly value: number; readonly ratio: number | null }) | null;
  /** What became of it. */
  readonly verdict: Verdict;
  /** Why it was not measured, or null. */
  readonly why: string | null;
}

/** All that a run leaves behind. */
export interface Report {
  /** {@link REPORT_VERSION}. */
  readonly version: number;
  /** Name of the scenario. */
  readonly scenario: string;
  /** Sizes were those of a smoke test: its figures say nothing. */
  readonly isQuick: boolean;
  /** Every requirement that could be asked for holds. */
  readonly isPassed: boolean;
  /** What exactly was run. */
  readonly setting: Readonly<Record<string, string | number>>;
  /** What was measured. */
  readonly figures: readonly ReportedFigure[];
  /** What the reader must know. */
  readonly notes: readonly string[];
  /** What it was measured on. */
  readonly machine: Machine;
  /** What was measured. */
  readonly commit: string;
  /** When the run ended, as ISO 8601. */
  readonly takenAt: string;
}

/** What a report says besides the result. */
export type Circumstances = Pick<Report, "isQuick" | "machine" | "commit" | "takenAt">;

/** Puts a report together. */
export function reportOf(result: Result, circumstances: Circumstances): Report {
  const { scenario, setting, figures, notes } = result;
  return {
    version: REPORT_VERSION,
    scenario,
    isPassed: passes(result),
    ...circumstances,
    setting,
    figures: figures.map(reported),
    notes,
  };
}

function reported(figure: Figure): ReportedFigure {
  const spread = figure.values.length === 0 ? null : spreadOf(figure.values);
  return {
    group: figure.group ?? "",
    name: figure.name,
    unit: figure.unit,
    values: figure.values,
    spread,
    required: figure.required ?? null,
    goal: figure.goal ?? null,
    ceiling: reportedCeiling(figure.ceiling, spread),
    verdict: verdictOf(figure),
    why: figure.notMeasured?.why ?? null,
  };
}

function reportedCeiling(ceiling: Ceiling | undefined, spread: Spread | null) {
  if (ceiling === undefined || ceiling.values.length === 0) return null;
  const value = median(ceiling.values);
  return { ...ceiling, value, ratio: spread === null ? null : spread.median / value };
}
