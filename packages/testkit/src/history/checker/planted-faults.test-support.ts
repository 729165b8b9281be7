import type { Loose, LooseHistory } from "./history-maker.test-support.js";
import {
  ACK_DEADLINE_MS,
  again,
  all,
  beginOf,
  deliveryOf,
  find,
  hasConfirmedAck,
  type Is,
  insert,
  is,
  isSameIn,
  lastIndexOf,
  leaves,
  otherFile,
  pick,
  removeWhere,
  wasKilled,
} from "./loose-history.test-support.js";
import type { Rule } from "./violation.js";

/** A fault that a right history can be given. */
export interface PlantedFault {
  /** What is wrong, in words. */
  readonly name: string;
  /** Rule that must notice it. */
  readonly rule: Rule;
  /** Plants it; answers false where the history has no place for it. */
  readonly plant: (history: LooseHistory, random: () => number) => boolean;
}

/** Faults with the rule that must notice each. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  change("a record is missing", "history-damaged", any, (record) => {
    record.n = 10_000;
  }),
  change("a record has no meaning", "history-damaged", any, (record) => {
    record.k = "unheard";
  }),
  remove("nobody says how it ended", "history-incomplete", is("end")),
  remove("an acked event is lost", "acked-not-stored", is("stored")),
  change("an ack names another offset", "acked-elsewhere", is("acked"), (record) => {
    record["offset"] = 1_000;
  }),
  add("an event is stored twice", "stored-twice", is("stored"), (record) => [
    { ...record, offset: 1_000 },
  ]),
  change("a refused event is stored", "refused-but-stored", is("acked"), (record) => {
    Object.assign(record, { k: "failed", stored: "no", reason: "EVENT_INVALID" });
  }),
  remove("an event is invented", "never-published", is("publish")),
  change("a stored event has another number", "never-published", is("stored"), (record) => {
    record["seq"] = 0;
  }),
  pair("two events of a source change places", "source-out-of-order", is("stored"), (a, b) => {
    if (a["source"] !== b["source"] || a["key"] !== b["key"] || a["topic"] !== b["topic"])
      return false;
    [a["seq"], b["seq"]] = [b["seq"], a["seq"]];
    [a["id"], b["id"]] = [b["id"], a["id"]];
    return true;
  }),
  pair("offsets fall", "offsets-out-of-order", is("stored"), (a, b) => {
    if (a["topic"] !== b["topic"]) return false;
    [a["offset"], b["offset"]] = [b["offset"], a["offset"]];
    return true;
  }),
  change("a delivery names another offset", "delivered-not-stored", is("delivered"), (record) => {
    record["offset"] = 1_000;
  }),
  withPublish("an expired event is delivered", "delivered-expired", (publish, delivered) => {
    publish["expire"] = beginOf(delivered) - 50;
  }),
  withPublish("a scheduled event is delivered early", "delivered-early", (publish, delivered) => {
    publish["deliver"] = beginOf(delivered) + 50;
  }),
  ofDelivery(
    "an event is delivered during a pause",
    "delivered-while-paused",
    (record, history) => {
      const paused = { k: "pause", sub: record["sub"], done: true, t: beginOf(record) - 50 };
      insert(history.get("operator.jsonl") as Loose[], paused);
      return true;
    },
  ),
  ofDelivery("an event never reaches a subscription", "never-delivered", (record, history) => {
    removeWhere(history, (each) => isSameIn(each, record));
    return true;
  }),
  ofAcked("an ack is lost", "never-settled", (ack, history) => {
    removeWhere(
      history,
      (each) =>
        isSameIn(each, ack) && each["of"] !== "nack" && (each.k === "ack" || each.k === "verdict"),
    );
  }),
  ofAcked("an acked event comes again", "delivered-after-ack", (ack, history) => {
    again(history, ack, {});
  }),
  ofAcked("an ack is confirmed twice", "settled-twice", (ack, history) => {
    again(history, ack, { verdict: "settled" });
  }),
  change("a lease begins before its event", "lease-wrong", is("delivered"), (record) => {
    record["leaseEnd"] = 5_000;
  }),
  change("a lease begins after its delivery", "lease-wrong", is("delivered"), (record) => {
    record["leaseEnd"] = (record["leaseEnd"] as number) + 100_000;
  }),
  ofDelivery("an event is leased twice at a time", "lease-overlap", (first, history) =>
    plantOverlap(history, first, first.t + 30),
  ),
  {
    name: "an extended lease is given to another",
    rule: "lease-overlap",
    plant: (history, random) => {
      const extended = all(history).filter(is("extend"));
      const first = pick(
        extended.map((extend) => deliveryOf(history, extend)),
        random,
      );
      // Between the end that the delivery told and the one that the extension gave.
      const t = ((first?.["leaseEnd"] as number | undefined) ?? 0) + 60;
      return first !== undefined && plantOverlap(history, first, t);
    },
  },
  redelivered("attempts begin anew", "attempts-wrong", (later, earlier) => {
    later["attempt"] = (earlier["attempt"] as number) - 1;
    return true;
  }),
  redelivered("attempts jump", "attempts-wrong", (later, earlier) => {
    later["attempt"] = (earlier["attempt"] as number) + 50;
    return true;
  }),
  ofDelivery("more attempts than the bound", "attempts-wrong", (record) => {
    record["attempt"] = 4;
    return record["sub"] === "letters";
  }),
  ofKeyPair("a later event of a key overtakes", "key-out-of-order", (earlier, later, history) => {
    const file = otherFile(history, earlier);
    if (file === undefined) return false;
    const lease = String(BigInt(earlier["lease"] as string) + 1n);
    const t = earlier.t + 40;
    insert(file, { ...later, lease, t, leaseEnd: t - 5 + ACK_DEADLINE_MS });
    return true;
  }),
  ofKeyPair("a settled key goes back", "key-went-back", (earlier, later, history) => {
    if (!hasConfirmedAck(history, later)) return false;
    removeWhere(history, (each) => isSameIn(each, earlier) && each.k === "verdict");
    again(history, earlier, { verdict: "settled" });
    return true;
  }),
  ofAcked("a live lease is called stale", "verdict-wrong", (ack, history) => {
    const verdict = find(history, (each) => each.k === "verdict" && each["lease"] === ack["lease"]);
    if (verdict !== undefined) verdict["verdict"] = "stale";
  }),
  change("an extended lease is called stale", "verdict-wrong", is("extend"), (extend, history) => {
    const isOfAck = (each: Loose) => each["lease"] === extend["lease"] && each["of"] === "ack";
    Object.assign(find(history, isOfAck) as Loose, { verdict: "stale" });
  }),
  change("a real lease is called unknown", "verdict-wrong", is("verdict"), (record) => {
    record["verdict"] = "unknown";
  }),
  change("an ack names a lease of nobody", "settled-unleased", is("ack"), (record) => {
    record["lease"] = "12345";
  }),
  change("a dead letter has too few attempts", "dead-letter-wrong", is("deadLetter"), (record) => {
    record["attempts"] = 2;
  }),
  change("a dead letter has another cause", "dead-letter-wrong", is("deadLetter"), (record) => {
    record["cause"] = "deadline";
  }),
  change(
    "a dead letter names another position",
    "dead-letter-wrong",
    is("deadLetter"),
    (record) => {
      record["offset"] = 1_000;
    },
  ),
  change("a dead letter lies elsewhere", "dead-letter-wrong", is("deadLetter"), (record) => {
    record["in"] = "$dead-letter/other";
  }),
  change("a dead letter comes again", "dead-letter-wrong", is("deadLetter"), (record, history) => {
    again(history, record, {});
  }),
  remove("a dead letter is dropped", "dead-letter-missing", is("deadLetter")),
  add("a dead letter is written twice", "dead-letter-twice", is("deadLetter"), (record) => [
    { ...record, at: 1_000 },
  ]),
  change("the accounting does not add up", "accounting-wrong", is("accounting"), (record) => {
    record["acked"] = (record["acked"] as number) + 1;
  }),
  change("something is left over", "accounting-wrong", is("accounting"), (record) => {
    record["acked"] = (record["acked"] as number) - 1;
    record["waiting"] = 1;
  }),
  change("an ack is counted as a dead letter", "accounting-wrong", is("accounting"), (record) => {
    record["acked"] = (record["acked"] as number) - 1;
    record["deadLettered"] = (record["deadLettered"] as number) + 1;
  }),
  change("events are not counted at all", "accounting-wrong", is("accounting"), (record) => {
    Object.assign(record, { entered: 0, acked: 0, deadLettered: 0 });
  }),
  change("an event enters before it is stored", "accounting-wrong", isDuringRun, (record) => {
    shift(record, { entered: 1, unexamined: 1 });
  }),
  change(
    "an event is left out while the run goes on",
    "accounting-wrong",
    isDuringRun,
    (record) => {
      shift(record, { entered: -1, unexamined: -1 });
    },
  ),
  change("an ack counts before it is sent", "accounting-wrong", isDuringRun, (record) => {
    shift(record, { unexamined: -1, acked: 1 });
  }),
  change("a confirmed ack does not count yet", "accounting-wrong", isAfterAck, (record) => {
    shift(record, { acked: -1, unexamined: 1 });
  }),
  change("an event is skipped by nobody", "accounting-wrong", isDuringRun, (record) => {
    shift(record, { unexamined: -1, skipped: 1 });
  }),
  pair("what was settled is so no more", "accounting-wrong", isAfterAck, (a, b) => {
    if (a["sub"] !== b["sub"] || (a["acked"] as number) >= (b["acked"] as number)) return false;
    Object.assign(a, { sequence: 1_002 });
    Object.assign(b, { sequence: 1_001 });
    return true;
  }),
];

/** Another consumer takes the event at that time, while the first one holds it. */
function plantOverlap(history: LooseHistory, first: Loose, t: number): boolean {
  const file = otherFile(history, first);
  // Of a holder that is gone later nobody knows that the broker had not missed it before.
  if (file === undefined || wasKilled(history, first) || leaves(history, first)) return false;
  const lease = String(BigInt(first["lease"] as string) + 1n);
  insert(file, { ...first, lease, t, leaseEnd: t - 5 + ACK_DEADLINE_MS });
  return true;
}

function isDuringRun({ k, asked, unexamined }: Loose): boolean {
  return k === "accounting" && asked !== undefined && (unexamined as number) > 0;
}

function isAfterAck(record: Loose): boolean {
  return isDuringRun(record) && (record["acked"] as number) > 0;
}

/** Moves counters of an accounting. */
function shift(record: Loose, by: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(by)) record[name] = (record[name] as number) + count;
}

function any({ k }: Loose): boolean {
  return k !== "process";
}

function change(
  name: string,
  rule: Rule,
  which: Is,
  plant: (record: Loose, history: LooseHistory) => void,
): PlantedFault {
  return {
    name,
    rule,
    plant: (history, random) => {
      const record = pick(all(history).filter(which), random);
      if (record !== undefined) plant(record, history);
      return record !== undefined;
    },
  };
}

function remove(name: string, rule: Rule, which: Is): PlantedFault {
  return change(name, rule, which, (record, history) => {
    removeWhere(history, (each) => each === record);
  });
}

function add(name: string, rule: Rule, which: Is, made: (record: Loose) => Loose[]): PlantedFault {
  return change(name, rule, which, (record, history) => {
    const records = [...history.values()].find((each) => each.includes(record)) as Loose[];
    records.splice(lastIndexOf(records, record.k) + 1, 0, ...made(record));
  });
}

/** The first pair for which `plant` answers true. */
function pair(
  name: string,
  rule: Rule,
  which: Is,
  plant: (a: Loose, b: Loose) => boolean,
): PlantedFault {
  return {
    name,
    rule,
    plant: (history, random) => {
      const records = all(history).filter(which);
      const from = Math.floor(random() * records.length);
      const turned = [...records.slice(from), ...records.slice(0, from)];
      return turned.some((a) => records.some((b) => a !== b && plant(a, b)));
    },
  };
}

function ofDelivery(
  name: string,
  rule: Rule,
  plant: (record: Loose, history: LooseHistory) => boolean,
): PlantedFault {
  return {
    name,
    rule,
    plant: (history, random) => {
      const record = pick(all(history).filter(is("delivered")), random);
      return record !== undefined && plant(record, history);
    },
  };
}

/** Of an event that is settled by an ack. */
function ofAcked(
  name: string,
  rule: Rule,
  plant: (ack: Loose, history: LooseHistory) => void,
): PlantedFault {
  return change(name, rule, is("ack"), plant);
}

function withPublish(
  name: string,
  rule: Rule,
  plant: (publish: Loose, delivered: Loose) => void,
): PlantedFault {
  return ofDelivery(name, rule, (delivered, history) => {
    const publish = find(history, (each) => each.k === "publish" && each["id"] === delivered["id"]);
    if (publish !== undefined) plant(publish, delivered);
    return publish !== undefined;
  });
}

/** An event that was delivered to a subscription twice. */
function redelivered(
  name: string,
  rule: Rule,
  plant: (later: Loose, earlier: Loose) => boolean,
): PlantedFault {
  return pair(name, rule, is("delivered"), (a, b) => isSameIn(a, b) && a.t < b.t && plant(b, a));
}

/** Two events of a key, each delivered once, the earlier one first. */
function ofKeyPair(
  name: string,
  rule: Rule,
  plant: (earlier: Loose, later: Loose, history: LooseHistory) => boolean,
): PlantedFault {
  return {
    name,
    rule,
    plant: (history) => {
      const deliveries = all(history).filter(
        ({ k, key }) => k === "delivered" && key !== undefined,
      );
      const once = deliveries.filter(
        (each) => deliveries.filter((other) => isSameIn(other, each)).length === 1,
      );
      return once.some((earlier) =>
        once.some(
          (later) =>
            later["key"] === earlier["key"] &&
            (later["offset"] as number) > (earlier["offset"] as number) &&
            plant(earlier, later, history),
        ),
      );
    },
  };
}
