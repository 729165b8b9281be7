import { median } from "../statistics.js";
import { type Bound, type Figure, holds, type Result } from "./result.js";

const HEADINGS = ["figure", "unit", "median", "spread", "required", "goal", "ceiling", "verdict"];

/** The figures of a result as a table of text. */
export function resultTable({ figures }: Result): string {
  const rows = [HEADINGS, ...figures.map(rowOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => padded(cell, column, widths[column]!)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

function rowOf(figure: Figure): string[] {
  const { name, unit, values, required, goal, ceiling } = figure;
  if (values.length === 0) return [name, unit, "-", "-", bound(required), bound(goal), "-", "none"];
  const middle = median(values);
  return [
    name,
    unit,
    number(middle),
    `${number(Math.min(...values))} .. ${number(Math.max(...values))}`,
    bound(required),
    bound(goal),
    ceiling === undefined ? "" : number(ceiling),
    verdict(middle, figure),
  ];
}

function verdict(middle: number, { required, goal }: Figure): string {
  if (required !== undefined && !holds(middle, required)) return "MISSED";
  if (goal !== undefined && holds(middle, goal)) return "goal";
  return required === undefined ? "" : "holds";
}

function bound(stated: Bound | undefined): string {
  return stated === undefined
    ? ""
    : `${stated.at === "least" ? ">=" : "<="} ${number(stated.value)}`;
}

const LEFT_COLUMNS = 2;

function padded(cell: string, column: number, width: number): string {
  return column < LEFT_COLUMNS ? cell.padEnd(width) : cell.padStart(width);
}

function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}
