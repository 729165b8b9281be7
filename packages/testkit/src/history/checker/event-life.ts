import { type Entry, groupOf } from "./buckets.js";
import type { Facts, ProcessFacts } from "./facts.js";
import type { EventIdentity, EventRecord, RecordKind, RecordOf } from "./record.js";
import type { Place, Report } from "./violation.js";

/** A record of one kind with its place. */
export interface Told<K extends RecordKind> {
  /** The record. */
  readonly record: RecordOf<K>;
  /** Where it stands. */
  readonly place: Place;
}

/** An ack, nack or extension that a consumer sent, with the verdict that it received. */
export interface Settling {
  /** What it sent. */
  readonly kind: "ack" | "nack" | "extend";
  /** Of an extension: how long the lease is to last from when the broker hears of it, in milliseconds. */
  readonly deadlineMs: number | undefined;
  /** Of an ack: the event that was published in one step with it. */
  readonly output: EventIdentity | undefined;
  /** When, before it was sent. */
  readonly t: number;
  /** Where. */
  readonly place: Place;
  /** The answer, if one came. */
  verdict: RecordOf<"verdict"> | undefined;
  /** Where the answer stands. */
  verdictPlace: Place | undefined;
}

/** One delivery of an event to a consumer. */
export interface Delivery extends Told<"delivered"> {
  /** The event. */
  readonly event: EventLife;
  /** Who took it. */
  readonly process: ProcessFacts;
  /** Over which of its streams. */
  readonly session: number;
  /** Its lease's token; tokens rise in the order in which the broker gives them. */
  readonly token: bigint;
  /** When the lease began by the broker's clock. */
  readonly begin: number;
  /** Epoch of the subscription. */
  readonly epoch: number;
  /** What the consumer said of it. */
  readonly settlings: Settling[];
}

/** What a history says about one event. */
export interface EventLife {
  /** Topic, source and id, for violations. */
  readonly name: string;
  /** Ordering key. */
  readonly key: string | undefined;
  readonly published: Told<"publish">[];
  readonly acked: Told<"acked">[];
  readonly failed: Told<"failed">[];
  readonly stored: Told<"stored">[];
  readonly deadLetters: Told<"deadLetter">[];
  /** Its deliveries by subscription, in the order of their leases. */
  readonly deliveries: Map<string, Delivery[]>;
}

/** Events that are judged together, and where their records stand. */
export interface Group {
  /** Its events in the order of their first record. */
  readonly events: EventLife[];
}

/** How deliveries are made of their records. */
export interface LifeParts {
  /** Facts of the run. */
  readonly facts: Facts;
  /** Names of the files. */
  readonly files: readonly string[];
  /** Takes violations. */
  readonly report: Report;
}

/** Puts the records of a bucket together: by group and event, deliveries in the order of their leases. */
export function groupsOf(entries: readonly Entry[], parts: LifeParts): Group[] {
  const groups = new Map<string, Map<string, EventLife>>();
  const loose: (() => void)[] = [];
  for (const entry of entries) {
    const name = groupOf(entry.record);
    const events = groups.get(name) ?? new Map<string, EventLife>();
    groups.set(name, events);
    const life = lifeIn(events, entry.record);
    const settle = addTo(life, entry, parts);
    if (settle !== undefined) loose.push(settle);
  }
  // A settlement follows its delivery in its own file, but files come one after another.
  for (const settle of loose) settle();
  const all = [...groups.values()].map((events) => ({ events: [...events.values()] }));
  for (const { events } of all) for (const event of events) sortDeliveries(event);
  return all;
}

function lifeIn(events: Map<string, EventLife>, record: EventRecord): EventLife {
  const identity = `${record.source} ${record.id}`;
  const found = events.get(identity);
  if (found !== undefined) return found;
  const made: EventLife = {
    name: `${record.topic} ${identity}`,
    key: record.key,
    published: [],
    acked: [],
    failed: [],
    stored: [],
    deadLetters: [],
    deliveries: new Map(),
  };
  events.set(identity, made);
  return made;
}

function addTo(event: EventLife, entry: Entry, parts: LifeParts): (() => void) | undefined {
  const { record } = entry;
  const place = { file: parts.files[entry.file] as string, line: entry.line };
  switch (record.k) {
    case "publish":
      event.published.push({ record, place });
      return undefined;
    case "acked":
      event.acked.push({ record, place });
      return undefined;
    case "failed":
      event.failed.push({ record, place });
      return undefined;
    case "stored":
      event.stored.push({ record, place });
      return undefined;
    case "deadLetter":
      event.deadLetters.push({ record, place });
      return undefined;
    case "delivered":
      addDelivery(event, entry, record, { place, parts });
      return undefined;
    default:
      return () => settle(event, record, { place, file: entry.file, parts });
  }
}

function addDelivery(
  event: EventLife,
  { file, session }: Entry,
  record: RecordOf<"delivered">,
  { place, parts: { facts, report } }: { place: Place; parts: LifeParts },
): void {
  const sub = facts.subs.get(record.sub);
  const process = facts.processes[file];
  if (sub === undefined || process === undefined) {
    report(
      "history-incomplete",
      place,
      event.name,
      `nothing is said about subscription ${record.sub}`,
    );
    return;
  }
  const list = event.deliveries.get(record.sub) ?? [];
  event.deliveries.set(record.sub, list);
  list.push({
    record,
    place,
    event,
    process,
    session,
    token: BigInt(record.lease),
    begin: record.leaseEnd - sub.record.ackDeadline,
    epoch: record.epoch ?? 1,
    settlings: [],
  });
}

function settle(
  event: EventLife,
  record: RecordOf<"ack" | "nack" | "extend" | "verdict">,
  { place, file, parts: { facts, report } }: { place: Place; file: number; parts: LifeParts },
): void {
  const process = facts.processes[file];
  const token = BigInt(record.lease);
  const delivery = event.deliveries
    .get(record.sub)
    ?.find((each) => each.token === token && each.process === process);
  if (delivery === undefined) {
    report(
      "settled-unleased",
      place,
      event.name,
      `lease ${record.lease} never reached this process`,
    );
    return;
  }
  if (record.k !== "verdict") {
    const ackDeadline = facts.subs.get(record.sub)?.record.ackDeadline;
    delivery.settlings.push(settlingOf(record, place, ackDeadline));
    return;
  }
  const asked = delivery.settlings.find(({ kind, verdict }) => kind === record.of && !verdict);
  if (asked === undefined) {
    report("verdict-wrong", place, event.name, `a verdict on a ${record.of} that was not sent`);
    return;
  }
  asked.verdict = record;
  asked.verdictPlace = place;
}

function settlingOf(
  record: RecordOf<"ack" | "nack" | "extend">,
  place: Place,
  ackDeadline: number | undefined,
): Settling {
  const { k: kind, t } = record;
  // The contract's 0 is the subscription's own.
  const deadlineMs = record.k === "extend" ? record.deadline || ackDeadline : undefined;
  const output = record.k === "ack" ? record.output : undefined;
  return { kind, t, deadlineMs, output, place, verdict: undefined, verdictPlace: undefined };
}

function sortDeliveries({ deliveries }: EventLife): void {
  for (const list of deliveries.values()) {
    list.sort((a, b) => (a.token < b.token ? -1 : a.token > b.token ? 1 : a.record.t - b.record.t));
  }
}
