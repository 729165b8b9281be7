import { median, spreadOf } from "../statistics.js";
import { aligned, shown } from "./aligned.js";
import type { Bound, Ceiling, Figure, Result } from "./result.js";
import { verdictOf } from "./verdict.js";

const HEADINGS = [
  "figure",
  "unit",
  "median",
  "spread",
  "required",
  "goal",
  "ceiling",
  "of it",
  "verdict",
];

/** The figures of a result as a table of text; a group's heading stands on a line of its own. */
export function resultTable({ figures }: Result): string {
  const [headings = "", ...rows] = aligned([HEADINGS, ...figures.map(rowOf)]);
  const lines = [headings];
  let group: string | undefined;
  for (const [index, figure] of figures.entries()) {
    if (figure.group !== undefined && figure.group !== group) lines.push("", figure.group);
    group = figure.group;
    lines.push(rows[index] ?? "");
    if (figure.notMeasured !== undefined) lines.push(`    ${figure.notMeasured.why}`);
  }
  return lines.join("\n");
}

function rowOf(figure: Figure): string[] {
  const { name, unit, values, required, goal, ceiling } = figure;
  const verdict = verdictOf(figure);
  const word = verdict === "measured" ? "" : verdict;
  // Those that need a reader stand out.
  const shownVerdict = word === "goal" || word === "holds" ? word : word.toUpperCase();
  if (values.length === 0) {
    return [name, unit, "-", "-", bound(required), bound(goal), "", "", shownVerdict];
  }
  const spread = spreadOf(values);
  return [
    name,
    unit,
    shown(spread.median),
    values.length === 1 ? "" : `${shown(spread.least)} .. ${shown(spread.most)}`,
    bound(required),
    bound(goal),
    ...ceilingCells(spread.median, ceiling),
    shownVerdict,
  ];
}

function ceilingCells(middle: number, ceiling: Ceiling | undefined): [string, string] {
  if (ceiling === undefined || ceiling.values.length === 0) return ["", ""];
  const most = median(ceiling.values);
  return [`${ceiling.name} ${shown(most)}`, shown(middle / most)];
}

function bound(stated: Bound | undefined): string {
  if (stated === undefined) return "";
  return `${stated.at === "least" ? ">=" : "<="} ${shown(stated.value)}`;
}
