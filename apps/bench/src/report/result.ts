/** A bound that a figure must hold, or should. */
export interface Bound {
  /** Which side is good. */
  readonly at: "least" | "most";
  /** The bound, in the figure's unit. */
  readonly value: number;
}

/** What the machine itself reached at the same thing in the same rounds. */
export interface Ceiling {
  /** What was measured for it, in words. */
  readonly name: string;
  /** One value a round, in the figure's unit. */
  readonly values: readonly number[];
}

/** Why a figure has no values. */
export interface NotMeasured {
  /** `skipped`: this version does not serve it. `failed`: it should have been measured. */
  readonly as: "skipped" | "failed";
  /** The cause, in words. */
  readonly why: string;
}

/** One thing that was measured in every round. */
export interface Figure {
  /** Heading that it stands under, where a result has several. */
  readonly group?: string;
  /** What it is, in words; unique within its group. */
  readonly name: string;
  /** Its unit. */
  readonly unit: string;
  /** One value a round. */
  readonly values: readonly number[];
  /** What must hold of the median; the run fails otherwise. */
  readonly required?: Bound;
  /** What we want to reach. */
  readonly goal?: Bound;
  /** What the machine itself reached in the same rounds: no broker can do better. */
  readonly ceiling?: Ceiling;
  /** Present where there are no values. */
  readonly notMeasured?: NotMeasured;
}

/** What a scenario measured. */
export interface Result {
  /** Name of the scenario. */
  readonly scenario: string;
  /** What exactly was run, in words and numbers. */
  readonly setting: Readonly<Record<string, string | number>>;
  /** Its figures, in the order of the table. */
  readonly figures: readonly Figure[];
  /** What the reader must know to believe the figures. */
  readonly notes: readonly string[];
}
