/** Where a record stands. */
export interface Place {
  /** Name of the file as it was given. */
  readonly file: string;
  /** Line in it, from 1. */
  readonly line: number;
}

/** What a history may violate, by name; `docs/internals/history-format.md` says each in full. */
export const RULES = [
  "history-damaged",
  "history-incomplete",
  "acked-not-stored",
  "acked-elsewhere",
  "stored-twice",
  "refused-but-stored",
  "never-published",
  "source-out-of-order",
  "offsets-out-of-order",
  "delivered-not-stored",
  "delivered-expired",
  "delivered-early",
  "delivered-while-paused",
  "never-delivered",
  "never-settled",
  "delivered-after-ack",
  "settled-twice",
  "lease-wrong",
  "lease-overlap",
  "attempts-wrong",
  "key-out-of-order",
  "key-went-back",
  "verdict-wrong",
  "settled-unleased",
  "half-done",
  "dead-letter-wrong",
  "dead-letter-missing",
  "dead-letter-twice",
  "accounting-wrong",
] as const;

/** Name of a rule. */
export type Rule = (typeof RULES)[number];

/** One rule that one record breaks. */
export interface Violation {
  /** Which rule. */
  readonly rule: Rule;
  /** Record that shows it. */
  readonly place: Place;
  /** The event, as `topic source id`, or what else it is about. */
  readonly about: string;
  /** What is wrong, in words. */
  readonly what: string;
}

/** Takes violations. */
export type Report = (rule: Rule, place: Place, about: string, what: string) => void;
