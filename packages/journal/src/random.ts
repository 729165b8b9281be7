/** Randomness as the journal needs it: it names journals and salts segments, it guards no secret. */
export interface Random {
  /** New random bytes. */
  bytes(length: number): Uint8Array;
}
