import { expect, it } from "vitest";
import { Facts } from "./facts.js";
import { HistoryMaker } from "./history-maker.test-support.js";
import { judged, judgedTexts } from "./judged.test-support.js";
import { LINE_LENGTH_MAX } from "./limits.js";
import { parseRecord } from "./record.js";

const PROCESS = '{"n":1,"t":1,"k":"process","version":1,"role":"operator","name":"o"}\n';
const END = '{"n":2,"t":2,"k":"end","drained":true}\n';

function rulesOf(verdict: Awaited<ReturnType<typeof judged>>): string[] {
  return [...verdict.counts.keys()];
}

it("says the same however many buckets the history is spread over", async () => {
  const { history } = new HistoryMaker(3);
  const together = await judged(history);
  const apart = await judged(history, { bucketBytes: 1_000 });
  expect(apart).toEqual(together);
  const stored = history.get("operator.jsonl")?.findIndex(({ k }) => k === "stored") as number;
  history.get("operator.jsonl")?.splice(stored, 1);
  expect(rulesOf(await judged(history, { bucketBytes: 1_000 }))).toContain("acked-not-stored");
});

it("allows a torn last line where its process was killed, and nowhere else", async () => {
  const torn = '{"n":1,"t":1,"k":"process","version":1,"role":"publisher","name":"p"}\n{"n":2,"t"';
  const kill = '{"n":2,"t":2,"k":"kill","what":"p"}\n{"n":3,"t":3,"k":"end","drained":true}\n';
  expect(
    rulesOf(
      await judgedTexts(
        new Map([
          ["p", torn],
          ["o", PROCESS + kill],
        ]),
      ),
    ),
  ).toEqual([]);
  expect(
    rulesOf(
      await judgedTexts(
        new Map([
          ["p", torn],
          ["o", PROCESS + END],
        ]),
      ),
    ),
  ).toEqual(["history-damaged"]);
});

it.each([
  ["another version", '{"n":1,"t":1,"k":"process","version":2,"role":"operator","name":"o"}\n'],
  ["no record of its process", '{"n":1,"t":2,"k":"end","drained":true}\n'],
  ["nothing", ""],
  ["no JSON", `${PROCESS}{"n":\n`],
  ["a clock that goes back", `${PROCESS.replace('"t":1', '"t":5000')}${END}`],
])("calls a file with %s damaged", async (_what, text) => {
  expect(rulesOf(await judgedTexts(new Map([["o", text]])))).toContain("history-damaged");
});

it("names its bounds", async () => {
  const long = `${PROCESS}${"x".repeat(LINE_LENGTH_MAX + 1)}\n`;
  await expect(judgedTexts(new Map([["o", long]]))).rejects.toThrow(
    `longer than ${LINE_LENGTH_MAX}`,
  );
  const facts = new Facts(1);
  const record = { k: "kill", n: 1, t: 1, what: "broker" } as const;
  const place = { file: "o", line: 1 };
  facts.add(record, 0, place);
  expect(() => facts.add(record, 0, place)).toThrow("more than 1 records");
  const leased = { topic: "t", source: "s", id: "i", key: undefined, sub: "x", lease: "1" };
  const ack = { k: "ack", n: 1, t: 1, ...leased, output: ["t", "s", "o"] } as const;
  expect(() => facts.addAck(ack)).toThrow("more than 1 records");
  expect(() => facts.addAck({ ...ack, output: undefined })).not.toThrow();
});

it.each([
  ["a text where a number is due", { k: "kill", n: 1, t: 1, what: 5 }, "kill.what: text"],
  ["an unknown word", { k: "process", n: 1, t: 1, version: 1, role: "x", name: "y" }, "one of"],
  ["no number", { k: "kill", t: 1, what: "broker" }, "n: a whole number"],
  ["no time", { k: "kill", n: 1, what: "broker" }, "t: milliseconds"],
  ["no kind", { n: 1, t: 1 }, "no kind"],
  ["a flag that is none", { k: "end", n: 1, t: 1, drained: 1 }, "end.drained: flag"],
  [
    "a list that is none",
    { k: "subscription", n: 1, t: 1, sub: "s", topics: "t" },
    "topics: texts",
  ],
  [
    "a lease that is no number",
    { k: "ack", n: 1, t: 1, topic: "t", source: "s", id: "i", sub: "x", lease: "0x1" },
    "lease: a decimal number",
  ],
  [
    "an output without its source",
    {
      k: "ack",
      n: 1,
      t: 1,
      topic: "t",
      source: "s",
      id: "i",
      sub: "x",
      lease: "1",
      output: ["t", "o"],
    },
    "ack.output: event",
  ],
])("refuses %s", (_what, record, fault) => {
  const parsed = parseRecord(JSON.stringify(record));
  expect("fault" in parsed ? parsed.fault : "").toContain(fault);
});
