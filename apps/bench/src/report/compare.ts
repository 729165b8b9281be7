import { ratioOf, type Spread } from "../statistics.js";
import { aligned, shown } from "./aligned.js";
import type { Report, ReportedFigure } from "./report.js";

/** Below this share of change two runs are alike: one machine differs so much from hour to hour. */
export const DIFFERENCE_LEAST = 0.3;

/** One figure of two reports. */
export interface Comparison {
  /** Heading that it stands under. */
  readonly group: string;
  /** What it is. */
  readonly name: string;
  /** Its unit. */
  readonly unit: string;
  /** Spread of the first report; undefined where it has no values. */
  readonly first: Spread | undefined;
  /** Spread of the second report. */
  readonly second: Spread | undefined;
  /** How much the second is of the first, with the range that the spreads allow. */
  readonly ratio: Spread | undefined;
  /** The same of the shares of the ceilings: what is left when the machine's own change is taken out. */
  readonly besideCeiling: number | undefined;
  /** In words. */
  readonly outcome: "no difference" | "more" | "less" | "only in the first" | "only in the second";
}

/** Compares figure by figure, in the order of the first report; new figures of the second come last. */
export function compareReports(first: Report, second: Report): Comparison[] {
  const keyOf = ({ group, name, unit }: ReportedFigure) => JSON.stringify([group, name, unit]);
  const before = new Map(first.figures.map((figure) => [keyOf(figure), figure]));
  const after = new Map(second.figures.map((figure) => [keyOf(figure), figure]));
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].flatMap((key) => comparison(before.get(key), after.get(key)) ?? []);
}

function comparison(
  before: ReportedFigure | undefined,
  after: ReportedFigure | undefined,
): Comparison | undefined {
  const either = before ?? after;
  const first = before?.spread ?? undefined;
  const second = after?.spread ?? undefined;
  if (either === undefined || (first === undefined && second === undefined)) return undefined;
  const { group, name, unit } = either;
  const named = { group, name, unit, first, second };
  if (first === undefined || second === undefined) {
    const outcome = first === undefined ? "only in the second" : "only in the first";
    return { ...named, ratio: undefined, besideCeiling: undefined, outcome };
  }
  const ratio = first.least === 0 ? undefined : ratioOf(first, second);
  return {
    ...named,
    ratio,
    besideCeiling: shareOfShares(before?.ceiling?.ratio, after?.ceiling?.ratio),
    outcome: outcomeOf(first.median, second.median),
  };
}

function outcomeOf(first: number, second: number): Comparison["outcome"] {
  const isMore = second > first;
  const change = isMore ? second / first : first / second;
  // Two zeros are alike.
  if (Number.isNaN(change) || change < 1 + DIFFERENCE_LEAST) return "no difference";
  return isMore ? "more" : "less";
}

function shareOfShares(before?: number | null, after?: number | null): number | undefined {
  return before && after ? after / before : undefined;
}

const HEADINGS = ["figure", "unit", "first", "second", "ratio", "its range", "of ceiling", ""];

/** A comparison as a table of text. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const cell = (value: number | undefined) => (value === undefined ? "" : shown(value));
  const rows = comparisons.map(({ group, name, unit, first, second, ...rest }) => [
    group === "" ? name : `${group}: ${name}`,
    unit,
    cell(first?.median),
    cell(second?.median),
    cell(rest.ratio?.median),
    rest.ratio === undefined ? "" : `${shown(rest.ratio.least)} .. ${shown(rest.ratio.most)}`,
    cell(rest.besideCeiling),
    rest.outcome,
  ]);
  return aligned([HEADINGS, ...rows]).join("\n");
}
