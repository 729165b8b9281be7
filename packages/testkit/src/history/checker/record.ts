/** A field's type in the file. */
type Kind = "text" | "number" | "flag" | "number?" | "text?" | "flag?" | "texts" | "event?";

type TypeOf<K extends Kind> = K extends "text"
  ? string
  : K extends "number"
    ? number
    : K extends "flag"
      ? boolean
      : K extends "number?"
        ? number | undefined
        : K extends "text?"
          ? string | undefined
          : K extends "flag?"
            ? boolean | undefined
            : K extends "event?"
              ? EventIdentity | undefined
              : readonly string[];

/** Topic, source and id of an event. */
export type EventIdentity = readonly [topic: string, source: string, id: string];

/** What names an event: identity is (topic, source, id); the key is its ordering key. */
const EVENT = { topic: "text", source: "text", id: "text", key: "text?" } as const;
/** What names a lease of an event. */
const LEASED = { ...EVENT, sub: "text", lease: "text" } as const;

/** Fields of each kind of record, beside `k`, `n` and `t`. */
const FIELDS = {
  process: { version: "number", role: "text", name: "text", tellsLosses: "flag?" },
  publish: {
    ...EVENT,
    seq: "number?",
    lane: "text?",
    priority: "text?",
    expire: "number?",
    deliver: "number?",
  },
  acked: {
    ...EVENT,
    partition: "number",
    offset: "number",
    duplicate: "flag?",
    scheduled: "flag?",
  },
  failed: { ...EVENT, stored: "text", reason: "text" },
  opened: { sub: "text", epoch: "number?" },
  lost: { sub: "text" },
  closing: { sub: "text" },
  delivered: {
    ...LEASED,
    partition: "number",
    offset: "number",
    attempt: "number",
    leaseEnd: "number",
    sequence: "number",
    index: "number",
    epoch: "number?",
  },
  ack: { ...LEASED, output: "event?" },
  nack: { ...LEASED, delay: "number?" },
  extend: { ...LEASED, deadline: "number" },
  verdict: { ...LEASED, of: "text", verdict: "text" },
  kill: { what: "text" },
  start: { what: "text", number: "number?" },
  topic: { topic: "text", partitions: "number" },
  subscription: {
    sub: "text",
    topics: "texts",
    order: "text",
    ackDeadline: "number",
    attemptsMax: "number",
    deadLetterTopic: "text",
  },
  skip: {
    sub: "text",
    topic: "text",
    partition: "number",
    key: "text",
    sequence: "number",
    first: "number",
    last: "number",
    skipped: "number",
    unsure: "flag?",
  },
  seek: { sub: "text", to: "text", epoch: "number" },
  pause: { sub: "text", done: "flag?" },
  resume: { sub: "text", asked: "number?" },
  stored: {
    ...EVENT,
    partition: "number",
    offset: "number",
    seq: "number?",
    lane: "text?",
    time: "number",
    sequence: "number?",
  },
  deadLetter: {
    ...EVENT,
    in: "text",
    at: "number",
    sub: "text",
    cause: "text",
    attempts: "number",
    partition: "number",
    offset: "number",
    time: "number",
    sequence: "number?",
  },
  accounting: {
    sub: "text",
    asked: "number?",
    sequence: "number?",
    epoch: "number",
    entered: "number",
    acked: "number",
    deadLettered: "number",
    expired: "number",
    filtered: "number",
    skipped: "number",
    leased: "number",
    waiting: "number",
    unexamined: "number",
  },
  end: { drained: "flag" },
} as const satisfies Record<string, Record<string, Kind>>;

/** Name of a kind of record. */
export type RecordKind = keyof typeof FIELDS;

/** A record of one kind, as it stands in the file. */
export type RecordOf<K extends RecordKind> = K extends RecordKind
  ? { readonly k: K; readonly n: number; readonly t: number } & {
      readonly [F in keyof (typeof FIELDS)[K]]: TypeOf<(typeof FIELDS)[K][F] & Kind>;
    }
  : never;

/** Any record. */
export type HistoryRecord = { [K in RecordKind]: RecordOf<K> }[RecordKind];

/** What a writer gives; `n` and `t` are added. */
export type RecordBody = {
  [K in RecordKind]: { readonly k: K } & {
    readonly [F in keyof (typeof FIELDS)[K] as undefined extends TypeOf<
      (typeof FIELDS)[K][F] & Kind
    >
      ? never
      : F]: TypeOf<(typeof FIELDS)[K][F] & Kind>;
  } & {
    readonly [F in keyof (typeof FIELDS)[K] as undefined extends TypeOf<
      (typeof FIELDS)[K][F] & Kind
    >
      ? F
      : never]?: TypeOf<(typeof FIELDS)[K][F] & Kind>;
  };
}[RecordKind];

/** A record about one event. */
export type EventRecord = RecordOf<
  | "publish"
  | "acked"
  | "failed"
  | "delivered"
  | "ack"
  | "nack"
  | "extend"
  | "verdict"
  | "stored"
  | "deadLetter"
>;

/** What is wrong with a line, or its record. */
export type Parsed = { readonly record: HistoryRecord } | { readonly fault: string };

const WORDS: Readonly<Record<string, readonly string[]>> = {
  "process.role": ["publisher", "consumer", "operator"],
  "failed.stored": ["no", "unknown"],
  "verdict.of": ["ack", "nack", "extend"],
  "verdict.verdict": ["settled", "stale", "unknown", "lost"],
  "subscription.order": ["none", "key"],
  "deadLetter.cause": ["nack", "deadline", "disconnect"],
};

/** Reads a line. Unknown fields are allowed, so that a run may note more than the checker reads. */
export function parseRecord(line: string): Parsed {
  const value = objectOf(line);
  if (value === undefined) return { fault: "no JSON object" };
  const { k, n, t } = value;
  if (typeof k !== "string" || !Object.hasOwn(FIELDS, k)) return { fault: `no kind: ${String(k)}` };
  if (!isWhole(n) || n < 1) return { fault: "n: a whole number from 1" };
  if (!isWhole(t)) return { fault: "t: milliseconds since the Unix epoch" };
  for (const [field, kind] of Object.entries(FIELDS[k as RecordKind])) {
    const given = value[field];
    if (!hasKind(given, kind)) return { fault: `${k}.${field}: ${kind.replace("?", "")}` };
    if (field === "lease" && !/^\d{1,20}$/.test(given as string))
      return { fault: "lease: a decimal number" };
    const words = WORDS[`${k}.${field}`];
    if (words !== undefined && !words.includes(given as string)) {
      return { fault: `${k}.${field}: one of ${words.join(", ")}` };
    }
  }
  return { record: value as unknown as HistoryRecord };
}

/** Whether a record is about one event, so that it is judged with the event's others. */
export function isEventRecord(record: HistoryRecord): record is EventRecord {
  return "id" in record;
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // A torn or foreign line is reported with its place by the caller.
    return undefined;
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function hasKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return isWhole(value);
    case "flag":
      return typeof value === "boolean";
    case "texts":
      return Array.isArray(value) && value.every((each) => typeof each === "string");
    case "event?":
      return value === undefined || (hasKind(value, "texts") && (value as unknown[]).length === 3);
    case "text?":
      return value === undefined || hasKind(value, "text");
    case "number?":
      return value === undefined || hasKind(value, "number");
    case "flag?":
      return value === undefined || hasKind(value, "flag");
  }
}
