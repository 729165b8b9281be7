import { expect, it } from "vitest";
import { judged } from "./judged.test-support.js";
import type { Loose } from "./loose-history.test-support.js";

const SUB = "keys";
const DEADLINE_MS = 1_000;

function named(id: string) {
  return { topic: "t", source: "s", id, key: "k" };
}

/** What a consumer says of an event, and what it hears. */
function said(
  id: string,
  of: "ack" | "extend",
  t: number,
  answer: object,
  deadline?: number,
): [Loose, Loose] {
  const leased = { ...named(id), sub: SUB, lease: id === "first" ? "1" : "2" };
  const asked = { k: of, t, ...leased, ...(deadline === undefined ? {} : { deadline }) };
  return [asked, { k: "verdict", t: t + 10, ...leased, of, ...answer }];
}

function delivered(id: string, begin: number): Loose {
  const [lease, offset] = id === "first" ? ["1", 0] : ["2", 1];
  const place = { partition: 0, offset, sequence: 1, index: offset };
  const times = { t: begin + 10, leaseEnd: begin + DEADLINE_MS };
  return { k: "delivered", ...times, ...named(id), sub: SUB, lease, ...place, attempt: 1 };
}

/** Two events of a key that one consumer has; it says and hears what is given. */
async function judgedRun(begins: readonly [number, number], records: readonly Loose[]) {
  const process = { k: "process", t: 1, version: 1, tellsLosses: true };
  const settings = { topics: ["t"], order: "key", ackDeadline: DEADLINE_MS, attemptsMax: 0 };
  const ids = ["first", "second"] as const;
  const place = (offset: number) => ({ partition: 0, offset });
  const operator = [
    { ...process, role: "operator", name: "operator" },
    { k: "subscription", t: 2, sub: SUB, ...settings, deadLetterTopic: "d" },
    ...ids.map((id, at) => ({ k: "stored", t: 9_000, ...named(id), ...place(at), time: 10 })),
    { k: "end", t: 9_600, drained: false },
  ];
  const publisher = [
    { ...process, role: "publisher", name: "s" },
    ...ids.map((id) => ({ k: "publish", t: 10, ...named(id) })),
  ];
  const consumer = [
    { ...process, role: "consumer", name: "c" },
    { k: "opened", t: 30, sub: SUB },
    ...[delivered("first", begins[0]), delivered("second", begins[1]), ...records].sort(
      (a, b) => a.t - b.t,
    ),
  ];
  const files = { operator, publisher, consumer };
  const history = new Map(Object.entries(files).map(([name, each]) => [`${name}.jsonl`, each]));
  const { violations } = await judged(history);
  return violations.map(({ rule }) => rule);
}

const SETTLED = { verdict: "settled" };
const STALE = { verdict: "stale" };

it("lets an earlier event's lease end a later one's, unless it was acked before", async () => {
  const kept = [
    ...said("second", "extend", 1_200, SETTLED, 5_000),
    ...said("second", "ack", 2_500, STALE),
  ];
  expect(await judgedRun([1_000, 1_000], kept)).toEqual([]);
  const acked = [...said("first", "ack", 1_100, SETTLED), ...kept];
  expect(await judgedRun([1_000, 1_000], acked)).toEqual(["verdict-wrong"]);
});

it("lets a lease end as late as an unanswered extension may have set it", async () => {
  const [extend] = said("first", "extend", 1_500, {}, 5_000);
  const stale = said("second", "ack", 3_200, STALE);
  expect(await judgedRun([1_000, 3_000], [extend, ...stale])).toEqual([]);
  const short = said("first", "extend", 1_500, SETTLED, 400);
  expect(await judgedRun([1_000, 3_000], [...short, ...stale])).toEqual(["verdict-wrong"]);
});

it("reads an extension by nothing as one by the subscription's deadline", async () => {
  const ack = (t: number) => said("second", "ack", t, STALE);
  const acked = said("first", "ack", 1_100, SETTLED);
  const extended = said("second", "extend", 1_900, SETTLED, 0);
  const at = async (t: number) =>
    await judgedRun([1_000, 1_000], [...acked, ...extended, ...ack(t)]);
  expect(await at(2_800)).toEqual(["verdict-wrong"]);
  expect(await at(2_950)).toEqual([]);
});

it("judges by the last of several extensions that were confirmed", async () => {
  const acked = said("first", "ack", 1_100, SETTLED);
  const short = [
    ...said("second", "extend", 1_200, SETTLED, 5_000),
    ...said("second", "extend", 1_300, SETTLED, 300),
  ];
  const at = async (t: number) =>
    await judgedRun([1_000, 1_000], [...acked, ...short, ...said("second", "ack", t, STALE)]);
  expect(await at(1_500)).toEqual(["verdict-wrong"]);
  expect(await at(1_700)).toEqual([]);
});
