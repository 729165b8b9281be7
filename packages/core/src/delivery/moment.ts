/** Time and randomness of one call. */
export interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** A random value in [0, 1). */
  readonly jitter: () => number;
}
