/** What is asked of a process that finds the patterns of topics, as a broker does for each batch. */
export interface MatchTask {
  /** Patterns, all different: exact names, `*` and `**` in turn. */
  readonly patterns: number;
  /** Topics, each with one batch. */
  readonly topics: number;
}

/** What finding cost. */
export interface Matched {
  /** Time for the first batch of a topic, in microseconds: its segments are walked. */
  readonly coldMicroseconds: number;
  /** Time for a later one, in microseconds: it is remembered. */
  readonly warmMicroseconds: number;
  /** Patterns that match a topic, on average. */
  readonly matches: number;
}
