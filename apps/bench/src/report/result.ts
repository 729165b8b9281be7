import { median } from "../statistics.js";

/** A bound that a figure must hold, or should. */
export interface Bound {
  /** Which side is good. */
  readonly at: "least" | "most";
  /** The bound, in the figure's unit. */
  readonly value: number;
}

/** One thing that was measured in every round. */
export interface Figure {
  /** What it is, in words. */
  readonly name: string;
  /** Its unit. */
  readonly unit: string;
  /** One value a round. */
  readonly values: readonly number[];
  /** What must hold of the median; the run fails otherwise. */
  readonly required?: Bound;
  /** What we want to reach. */
  readonly goal?: Bound;
  /** What the machine itself reached in this run: no broker can do better. */
  readonly ceiling?: number;
}

/** What a scenario measured. */
export interface Result {
  /** Name of the scenario. */
  readonly scenario: string;
  /** What exactly was run, in words and numbers. */
  readonly setting: Readonly<Record<string, string | number>>;
  /** Its figures, the required ones first. */
  readonly figures: readonly Figure[];
  /** What the reader must know to believe the figures. */
  readonly notes: readonly string[];
}

/** Does the value hold the bound? */
export function holds(value: number, bound: Bound): boolean {
  return bound.at === "least" ? value >= bound.value : value <= bound.value;
}

/** Does every required figure hold, and is there at least one? */
export function passes({ figures }: Result): boolean {
  const required = figures.filter((figure) => figure.required !== undefined);
  return required.length > 0 && required.every(meets);
}

function meets({ values, required }: Figure): boolean {
  return required === undefined || (values.length > 0 && holds(median(values), required));
}
