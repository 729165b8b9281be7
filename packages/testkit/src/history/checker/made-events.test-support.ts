/** Subscriptions of a made history. */
export const SUBS = [
  { sub: "plain", topics: ["t/plain"], order: "none", attemptsMax: 0 },
  { sub: "letters", topics: ["t/plain"], order: "none", attemptsMax: 3 },
  { sub: "keys", topics: ["t/keys"], order: "key", attemptsMax: 0 },
] as const;

/** One of them. */
export type Sub = (typeof SUBS)[number];

/** An event of a publisher, and where it lies. */
export interface Stored {
  readonly event: { topic: string; source: string; id: string; key?: string };
  readonly offset: number;
  readonly seq: number;
}

/** One delivery of an event, about which a consumer is to do something. */
export interface Held {
  readonly sub: Sub;
  readonly stored: Stored;
  readonly leased: Leased;
  /** Number of the consumer, and its name. */
  readonly number: number;
  readonly name: string;
}

/** What happens to an event in a subscription; all but the first few bring it again. */
export const TURNS = [
  "ack",
  "ack",
  "ack",
  "ack",
  "output",
  "output-lost",
  "extend",
  "extend-twice",
  "extend-short",
  "extend-unanswered",
  "extend-lost",
  "extend-stale",
  "output-undone",
  "nack",
  "kill-client",
  "kill-broker",
  "lose-stream",
  "deadline",
] as const;

/** By how much its attempt is higher when it comes again; undefined: it never comes again. */
export type Rise = number | undefined;

/** What names a lease in a record. */
export type Leased = {
  topic: string;
  source: string;
  id: string;
  key?: string;
  sub: string;
  lease: string;
};
