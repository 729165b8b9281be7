import {
  ACK_DEADLINE_MS,
  all,
  deliveryOf,
  find,
  hasConfirmedAck,
  type Is,
  insert,
  is,
  isSameIn,
  type Loose,
  type LooseHistory,
  lastIndexOf,
  leaves,
  otherFile,
  pick,
  removeWhere,
  wasKilled,
} from "./loose-history.test-support.js";
import type { Rule } from "./violation.js";

/** Tells records apart, with a look at all the others. */
type IsIn = (record: Loose, history: LooseHistory) => boolean;

/** A fault that a right history can be given. */
export interface PlantedFault {
  /** What is wrong, in words. */
  readonly name: string;
  /** Rule that must notice it. */
  readonly rule: Rule;
  /** Plants it; answers false where the history has no place for it. */
  readonly plant: (history: LooseHistory, random: () => number) => boolean;
}

/** Another consumer takes the event at that time, while the first one holds it. */
export function plantOverlap(history: LooseHistory, first: Loose, t: number): boolean {
  const file = otherFile(history, first);
  // Of a holder that is gone later nobody knows that the broker had not missed it before.
  if (file === undefined || wasKilled(history, first) || leaves(history, first)) return false;
  const lease = String(BigInt(first["lease"] as string) + 1n);
  insert(file, { ...first, lease, t, leaseEnd: t - 5 + ACK_DEADLINE_MS });
  return true;
}

export function isDuringRun({ k, asked, unexamined }: Loose): boolean {
  return k === "accounting" && asked !== undefined && (unexamined as number) > 0;
}

export function isAfterAck(record: Loose): boolean {
  return isDuringRun(record) && (record["acked"] as number) > 0;
}

/** Moves counters of an accounting. */
export function shift(record: Loose, by: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(by)) record[name] = (record[name] as number) + count;
}

/** It counts every ack that was sent until then, and each was confirmed before it was asked for. */
export function isOfConfirmed(record: Loose, history: LooseHistory): boolean {
  const own = all(history).filter(({ sub, t }) => sub === record["sub"] && t < record.t);
  const confirmed = own.filter(
    ({ t, of, verdict }) =>
      of === "ack" && verdict === "settled" && t < (record["asked"] as number) - 50,
  );
  const { acked } = record;
  return isAfterAck(record) && own.filter(is("ack")).length === acked && confirmed.length === acked;
}

/** What a broker answers at the end of everything. */
export function isOfTheEnd({ k, asked }: Loose): boolean {
  return k === "accounting" && asked === undefined;
}

/** Of an event of a publisher that stays to the end. */
export function isLasting(kind: string): Is {
  return ({ k, source }) => k === kind && (source === "odd" || source === "even");
}

/** An extension of a lease that has no other, until long after it is acked. */
export function isKept(extend: Loose, history: LooseHistory): boolean {
  const said = all(history).filter(({ lease }) => lease === extend["lease"]);
  const isAcked = hasConfirmedAck(history, extend);
  return extend.k === "extend" && isAcked && said.filter(is("extend")).length === 1;
}

/** The same, of the second of a run whose first was acked after the second had come. */
export function isKeptOfRun(extend: Loose, history: LooseHistory): boolean {
  if (extend["key"] === undefined || !isKept(extend, history)) return false;
  const own = deliveryOf(history, extend);
  const before = String(BigInt(extend["lease"] as string) - 10n);
  return all(history).some(
    ({ k, t, key, lease }) =>
      k === "ack" && lease === before && key === extend["key"] && t > own.t && t < extend.t,
  );
}

/** An ack whose answer was lost, and that has counted or not: by the output's place in the final read. */
export function isLostOutput(ack: Loose, history: LooseHistory): boolean {
  return (
    ack.k === "ack" &&
    ack["output"] !== undefined &&
    !hasConfirmedAck(history, ack) &&
    outputOf(ack, history) !== undefined
  );
}

/** The output of an ack in the final read. */
export function outputOf(ack: Loose, history: LooseHistory): Loose | undefined {
  const [topic, source, id] = (ack["output"] ?? []) as string[];
  return find(
    history,
    (each) =>
      each.k === "stored" &&
      each["topic"] === topic &&
      each["source"] === source &&
      each["id"] === id,
  );
}

function isConfirmed(ack: Loose, history: LooseHistory): boolean {
  return ack.k === "ack" && hasConfirmedAck(history, ack);
}

export function any({ k }: Loose): boolean {
  return k !== "process";
}

export function change(
  name: string,
  rule: Rule,
  which: IsIn,
  plant: (record: Loose, history: LooseHistory) => void,
): PlantedFault {
  return {
    name,
    rule,
    plant: (history, random) => {
      const found = all(history).filter((each) => which(each, history));
      const record = pick(found, random);
      if (record !== undefined) plant(record, history);
      return record !== undefined;
    },
  };
}

export function remove(name: string, rule: Rule, which: IsIn): PlantedFault {
  return change(name, rule, which, (record, history) => {
    removeWhere(history, (each) => each === record);
  });
}

export function add(
  name: string,
  rule: Rule,
  which: IsIn,
  made: (record: Loose) => Loose[],
): PlantedFault {
  return change(name, rule, which, (record, history) => {
    const records = [...history.values()].find((each) => each.includes(record)) as Loose[];
    records.splice(lastIndexOf(records, record.k) + 1, 0, ...made(record));
  });
}

/** The first pair for which `plant` answers true. */
export function pair(
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

export function ofDelivery(
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

/** Of an event that is settled by an ack that was confirmed. */
export function ofAcked(
  name: string,
  rule: Rule,
  plant: (ack: Loose, history: LooseHistory) => void,
): PlantedFault {
  return change(name, rule, isConfirmed, plant);
}

export function withPublish(
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
export function redelivered(
  name: string,
  rule: Rule,
  plant: (later: Loose, earlier: Loose) => boolean,
): PlantedFault {
  return pair(name, rule, is("delivered"), (a, b) => isSameIn(a, b) && a.t < b.t && plant(b, a));
}

/** Two events of a key, each delivered once, the earlier one first. */
export function ofKeyPair(
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
