/** The numbered sentences of the contract's semantics: a prefix, and how many it has (0: one, unnumbered). */
const COUNTS = {
  "S-N": 0,
  "S-P": 7,
  "S-D": 12,
  "S-A": 4,
  "S-F": 5,
  "S-E": 3,
  "S-M": 0,
} as const;

/** Ids of all sentences, in the order of the contract. */
export const sentences: readonly string[] = Object.entries(COUNTS).flatMap(([prefix, count]) =>
  count === 0 ? [prefix] : Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`),
);
