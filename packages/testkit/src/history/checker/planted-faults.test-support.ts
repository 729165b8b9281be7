import {
  ACK_DEADLINE_MS,
  again,
  all,
  beginOf,
  deliveryOf,
  find,
  hasConfirmedAck,
  insert,
  is,
  isSameIn,
  type Loose,
  otherFile,
  pick,
  removeWhere,
} from "./loose-history.test-support.js";
import {
  add,
  any,
  change,
  isAfterAck,
  isDuringRun,
  isKept,
  isKeptOfRun,
  isLasting,
  isLostOutput,
  isOfConfirmed,
  isOfTheEnd,
  ofAcked,
  ofDelivery,
  ofKeyPair,
  outputOf,
  type PlantedFault,
  pair,
  plantOverlap,
  redelivered,
  remove,
  shift,
  withPublish,
} from "./planting.test-support.js";

/** Faults with the rule that must notice each. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  change("a record is missing", "history-damaged", any, (record) => {
    record.n = 10_000;
  }),
  change("a record has no meaning", "history-damaged", any, (record) => {
    record.k = "unheard";
  }),
  remove("nobody says how it ended", "history-incomplete", is("end")),
  remove("an acked event is lost", "acked-not-stored", isLasting("stored")),
  change("an ack names another offset", "acked-elsewhere", isLasting("acked"), (record) => {
    record["offset"] = 1_000;
  }),
  add("an event is stored twice", "stored-twice", is("stored"), (record) => [
    { ...record, offset: 1_000 },
  ]),
  change("a refused event is stored", "refused-but-stored", isLasting("acked"), (record) => {
    Object.assign(record, { k: "failed", stored: "no", reason: "EVENT_INVALID" });
  }),
  remove("an event is invented", "never-published", isLasting("publish")),
  change("a stored event has another number", "never-published", isLasting("stored"), (record) => {
    record["seq"] = 0;
  }),
  pair(
    "two events of a source change places",
    "source-out-of-order",
    isLasting("stored"),
    (a, b) => {
      if (a["source"] !== b["source"] || a["key"] !== b["key"] || a["topic"] !== b["topic"])
        return false;
      [a["seq"], b["seq"]] = [b["seq"], a["seq"]];
      [a["id"], b["id"]] = [b["id"], a["id"]];
      return true;
    },
  ),
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
      const extended = all(history).filter((each) => isKept(each, history));
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
  ...(
    [
      ["an extended lease is called stale", isKept],
      ["a lease is called stale whose run lost only what was settled", isKeptOfRun],
    ] as const
  ).map(([name, which]) =>
    change(name, "verdict-wrong", which, (extend, history) => {
      const isOfAck = (each: Loose) =>
        each["lease"] === extend["lease"] && each.k === "verdict" && each["of"] === "ack";
      Object.assign(find(history, isOfAck) as Loose, { verdict: "stale" });
    }),
  ),
  change("a real lease is called unknown", "verdict-wrong", is("verdict"), (record) => {
    record["verdict"] = "unknown";
  }),
  change("an ack names a lease of nobody", "settled-unleased", is("ack"), (record) => {
    record["lease"] = "12345";
  }),
  change(
    "what is published with a lost ack comes again",
    "half-done",
    isLostOutput,
    (ack, history) => {
      again(history, ack, { verdict: "settled" });
    },
  ),
  change(
    "what is published with an ack is lost with its answer",
    "half-done",
    isLostOutput,
    (ack, history) => {
      const output = outputOf(ack, history);
      removeWhere(history, (each) => each === output);
    },
  ),
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
  change("something is left over", "accounting-wrong", isOfTheEnd, (record) => {
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
  change("an ack counts before it is sent", "accounting-wrong", isOfConfirmed, (record) => {
    shift(record, { unexamined: -1, acked: 1 });
  }),
  change("a confirmed ack does not count yet", "accounting-wrong", isOfConfirmed, (record) => {
    shift(record, { acked: -1, unexamined: 1 });
  }),
  change("an event enters twice, and one expires", "accounting-wrong", isDuringRun, (record) => {
    shift(record, { entered: 1, expired: 1 });
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
