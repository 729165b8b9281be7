import { expect, it } from "vitest";
import { HistoryMaker } from "./history-maker.test-support.js";
import { judged, randomOf } from "./judged.test-support.js";
import { LOSS_NOTICED_MS } from "./limits.js";
import type { Loose } from "./loose-history.test-support.js";
import { PLANTED_FAULTS } from "./planted-faults.test-support.js";
import { RULES } from "./violation.js";

/** The first seed from 1 whose history has a place for the fault. */
function historyWith(index: number) {
  for (let seed = 1; seed <= 50; seed += 1) {
    const { history } = new HistoryMaker(seed);
    if (PLANTED_FAULTS[index]?.plant(history, randomOf(seed)) === true) return history;
  }
  throw new Error("no history has a place for it");
}

it("finds nothing in a right history, and counts what it did", async () => {
  const { violations, figures } = await judged(new HistoryMaker(1).history);
  expect(violations).toEqual([]);
  expect(figures).toMatchObject({ owed: 36, paid: 36, keys: 2 });
  expect(figures.acked).toBeGreaterThan(24);
  expect(figures.delivered).toBeGreaterThan(36);
});

it.each(PLANTED_FAULTS.map(({ name, rule }, index) => [name, rule, index] as const))(
  "notices that %s: %s",
  async (_name, rule, index) => {
    const { violations } = await judged(historyWith(index));
    const found = violations.filter((each) => each.rule === rule);
    expect(violations.map((each) => each.rule)).toContain(rule);
    expect(found[0]?.place.file).toMatch(/\.jsonl$/);
    expect(found[0]?.place.line).toBeGreaterThan(0);
    expect(found[0]?.about).not.toBe("");
  },
);

it("has a planted fault for every rule", () => {
  expect(new Set(PLANTED_FAULTS.map(({ rule }) => rule))).toEqual(new Set(RULES));
});

/** Two events of a key: the first one's lease ends, and its late ack is heard of or not. */
function historyOfLateAck(verdict: "settled" | "stale" | undefined): Map<string, Loose[]> {
  const sub = "keys";
  const named = (id: string) => ({ topic: "t", source: "s", id, key: "k" });
  const leased = (id: string, lease: string) => ({ ...named(id), sub, lease });
  const delivered = (id: string, lease: string, attempt: number, begin: number) => ({
    ...leased(id, lease),
    k: "delivered",
    t: begin + 10,
    leaseEnd: begin + 1_000,
    attempt,
    partition: 0,
    offset: id === "first" ? 0 : 1,
    sequence: 1,
    index: 0,
  });
  const published = (id: string, offset: number, t: number) => [
    { k: "publish", t, ...named(id) },
    { k: "acked", t, ...named(id), partition: 0, offset },
  ];
  const process = (role: string, name: string) => ({
    k: "process",
    t: 1,
    version: 1,
    role,
    name,
    tellsLosses: true,
  });
  const late = [
    { k: "ack", t: 1_100, ...leased("first", "1") },
    { k: "verdict", t: 9_000, ...leased("first", "1"), of: "ack", verdict },
  ];
  const stored = (id: string, offset: number) => ({
    k: "stored",
    t: 9_500,
    ...named(id),
    partition: 0,
    offset,
    time: 10,
  });
  const bounds = { ackDeadline: 1_000, attemptsMax: 0, deadLetterTopic: "d" };
  return new Map<string, Loose[]>([
    [
      "operator.jsonl",
      [
        process("operator", "operator"),
        { k: "subscription", t: 2, sub, topics: ["t"], order: "key", ...bounds },
        stored("first", 0),
        stored("second", 1),
        { k: "end", t: 9_600, drained: false },
      ],
    ],
    [
      "s.jsonl",
      [process("publisher", "s"), ...published("first", 0, 10), ...published("second", 1, 20)],
    ],
    [
      "slow.jsonl",
      [
        process("consumer", "slow"),
        { k: "opened", t: 30, sub },
        delivered("first", "1", 1, 1_000),
        ...(verdict === undefined ? [] : late),
      ],
    ],
    [
      "other.jsonl",
      [
        process("consumer", "other"),
        { k: "opened", t: 30, sub },
        delivered("first", "2", 2, 3_000),
        { k: "nack", t: 3_100, ...leased("first", "2") },
        { k: "verdict", t: 3_200, ...leased("first", "2"), of: "nack", verdict: "settled" },
        delivered("second", "3", 1, 4_000),
      ],
    ],
  ]);
}

/** Two events of a key that were both leased, one after the other's ack, when the broker was killed. */
function historyOfLostAck(isKilled: boolean, isAcked: boolean): Map<string, Loose[]> {
  const history = historyOfLateAck(undefined);
  const START = 1n << 40n;
  const tokenOf = (start: bigint, at: bigint) => String(start * START + at);
  const operator = history.get("operator.jsonl") as Loose[];
  const [slow, other] = ["slow.jsonl", "other.jsonl"].map((name) => history.get(name) as Loose[]);
  const [first, second] = [slow?.[2], other?.at(-1)] as [Loose, Loose];
  const leasedAs = (record: Loose, lease: string, begin: number, attempt: number) => ({
    ...record,
    lease,
    t: begin + 10,
    leaseEnd: begin + 1_000,
    attempt,
  });
  const said = ({ topic, source, id, key, sub }: Loose, lease: string) => ({
    ...{ topic, source, id, key, sub },
    lease,
  });
  const [a1, b1, a2] = [tokenOf(1n, 1n), tokenOf(1n, 2n), tokenOf(2n, 1n)];
  history.set("slow.jsonl", [
    ...(slow as Loose[]).slice(0, 2),
    leasedAs(first, a1, 1_000, 1),
    ...(isAcked ? [{ k: "ack", t: 1_020, ...said(first, a1) }] : []),
    leasedAs(first, a2, 3_000, 1),
    ...(isAcked
      ? [{ k: "verdict", t: 3_050, ...said(first, a1), of: "ack", verdict: "stale" }]
      : []),
    { k: "ack", t: 3_060, ...said(first, a2) },
    { k: "verdict", t: 3_070, ...said(first, a2), of: "ack", verdict: "settled" },
  ]);
  history.set("other.jsonl", [...(other as Loose[]).slice(0, 2), leasedAs(second, b1, 1_050, 1)]);
  if (isKilled) {
    operator.splice(2, 0, { k: "kill", t: 1_100, what: "broker" });
    operator.splice(3, 0, { k: "start", t: 1_200, what: "broker", number: 2 });
  }
  return history;
}

it("lets a key go on by an ack that the broker's end took back, and by no other", async () => {
  expect((await judged(historyOfLostAck(true, true))).violations).toEqual([]);
  for (const history of [historyOfLostAck(true, false), historyOfLostAck(false, true)]) {
    const rules = (await judged(history)).violations.map(({ rule }) => rule);
    expect(rules).toContain("key-out-of-order");
  }
});

it("lets a key go on by an ack that arrived after a later lease of its event", async () => {
  expect((await judged(historyOfLateAck("settled"))).violations).toEqual([]);
});

/** The same where the stream of the late ack was lost so many milliseconds before the event is leased again. */
function historyOfAckOfLostStream(lostMs: number): Map<string, Loose[]> {
  const history = historyOfLateAck("settled");
  const slow = history.get("slow.jsonl") as Loose[];
  const verdict = slow.pop() as Loose;
  slow.push({ k: "lost", t: 1_190, sub: "keys" }, { ...verdict, t: 1_200, verdict: "lost" });
  for (const record of [...history.values()].flat()) {
    if (record.t < 3_000) continue;
    record.t += lostMs - 1_800;
    if (record.k === "delivered") record["leaseEnd"] = record.t - 10 + 1_000;
  }
  return history;
}

it("lets a key go on by an ack that a lost stream may still have brought, and only so long", async () => {
  expect((await judged(historyOfAckOfLostStream(1_800))).violations).toEqual([]);
  const late = await judged(historyOfAckOfLostStream(LOSS_NOTICED_MS + 1_800));
  expect(late.violations.map(({ rule }) => rule)).toEqual(["key-out-of-order"]);
});

it.each([undefined, "stale"] as const)(
  "lets no key go on by an ack that is %s",
  async (verdict) => {
    const { violations } = await judged(historyOfLateAck(verdict));
    expect(violations.map(({ rule }) => rule)).toEqual(["key-out-of-order"]);
  },
);

/** The last attempt of an event ends with its stream; a seek brings it again, and a nack makes a second letter. */
function historyOfTwoLetters(isSought: boolean): Map<string, Loose[]> {
  const sub = "letters";
  const event = { topic: "t", source: "s", id: "e" };
  const place = { partition: 0, offset: 0 };
  const process = { k: "process", t: 1, version: 1, tellsLosses: true };
  const seek = { k: "seek", sub, to: "earliest" };
  const delivered = (lease: string, begin: number, epoch: number) => ({
    ...{ k: "delivered", t: begin + 10, ...event, sub, lease, ...place, leaseEnd: begin + 5_000 },
    ...{ attempt: 1, sequence: 1, index: 0, epoch },
  });
  const letter = (at: number, cause: string, time: number) => ({
    ...{
      k: "deadLetter",
      t: 9_000,
      ...event,
      in: "d",
      at,
      sub,
      cause,
      ...place,
      attempts: 1,
      time,
    },
  });
  const sought = [
    { ...seek, t: 1_500, epoch: 0 },
    { ...seek, t: 1_600, epoch: 2 },
  ];
  const settings = { topics: ["t"], order: "none", ackDeadline: 5_000, attemptsMax: 1 };
  return new Map<string, Loose[]>([
    [
      "operator.jsonl",
      [
        { ...process, role: "operator", name: "operator" },
        { k: "subscription", t: 2, sub, ...settings, deadLetterTopic: "d" },
        ...(isSought ? sought : []),
        { k: "stored", t: 9_000, ...event, ...place, time: 20 },
        letter(0, "disconnect", 1_550),
        letter(1, "nack", 2_200),
        { k: "end", t: 9_600, drained: true },
      ],
    ],
    [
      "s.jsonl",
      [
        { ...process, role: "publisher", name: "s" },
        { k: "publish", t: 10, ...event },
      ],
    ],
    [
      "c.jsonl",
      [
        { ...process, role: "consumer", name: "c" },
        { k: "opened", t: 30, sub },
        delivered("1", 1_000, 1),
        { k: "lost", t: 1_560, sub },
        { k: "opened", t: 1_700, sub },
        delivered("2", 2_000, 2),
        { k: "nack", t: 2_100, ...event, sub, lease: "2" },
        { k: "verdict", t: 2_250, ...event, sub, lease: "2", of: "nack", verdict: "settled" },
      ],
    ],
  ]);
}

it("tells the dead letters before and after a seek apart, and only there", async () => {
  expect((await judged(historyOfTwoLetters(true))).violations).toEqual([]);
  const { counts } = await judged(historyOfTwoLetters(false));
  expect([...counts.keys()]).toContain("dead-letter-wrong");
});
