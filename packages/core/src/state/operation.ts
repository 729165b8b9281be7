import type { Entry } from "@opendxa/pubsub-protocol";
import type { AnyStateKey, Loaded, StateWrite } from "./state-key.js";

/** What the outer world contributes to a decision. */
export interface DecideContext {
  /** The entry clock, milliseconds since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** Sequence that the first entry of the decision gets; the next ones follow. */
  readonly nextSequence: bigint;
}

/**
 * What must be true of the facts before a command is answered: `fsync`: a power cut cannot take
 * them away; `os`: they were written.
 */
export type DecisionDurability = "fsync" | "os";

/** Outcome of a command: facts to be journalled, in order, and what to answer once they are durable. */
export interface Decision<R> {
  /** Facts. Their time is set by the engine. Empty: nothing changes. */
  readonly entries: readonly Entry[];
  /** Answer to the caller. */
  readonly reply: R;
  /** When to answer. Absent: `fsync`. */
  readonly durability?: DecisionDurability;
}

/**
 * One kind of command. Pure: the same state, command and context give the same decision, so that a
 * command may be decided again from the start when state was missing.
 */
export interface Operation<C, R> {
  /** Name for logs and metrics. */
  readonly name: string;
  /**
   * Keys that are still missing for this command. Called again after they were loaded, until it
   * answers none, so that later keys may depend on earlier values.
   */
  reads(command: C, loaded: Loaded): readonly AnyStateKey[];
  /** Decides. Throws `PubSubError` to refuse; then nothing changes. */
  decide(loaded: Loaded, command: C, context: DecideContext): Decision<R>;
}

/** How one kind of entry changes the state. Pure, and the only way in which state changes. */
export interface Projection {
  /** Keys that are still missing for this entry; called as `Operation.reads` is. */
  reads(entry: Entry, sequence: bigint, loaded: Loaded): readonly AnyStateKey[];
  /** The changes. Later writes of one key win. */
  apply(loaded: Loaded, entry: Entry, sequence: bigint): readonly StateWrite[];
}
