import { expect, it } from "vitest";
import { crashChecks } from "./crash-checks.js";
import type { CrashMinimums } from "./crash-minimums.js";
import type { CrashReport } from "./crash-test.js";
import { judge } from "./judge.js";
import { LEVEL_LEG_MINIMUMS, REAL_LEG_MINIMUMS } from "./limits.js";

const minimums: CrashMinimums = {
  kills: 3,
  events: 100,
  eventsOfPublisher: 20,
  eventsOfLanguage: { typescript: 60, python: 30 },
};

const enough: CrashReport = {
  kills: 3,
  publishers: [
    { source: "typescript", language: "typescript", acked: 40 },
    { source: "typescript2", language: "typescript", acked: 20 },
    { source: "python", language: "python", acked: 40 },
  ],
  verdict: judge([], []),
  failures: [],
  tornBytes: 0,
  rebuilds: 0,
};

/** The sentences of the checks that fail. */
function complaints(change: Partial<CrashReport>): readonly string[] {
  return crashChecks({ ...enough, ...change }, minimums).flatMap(({ violations }) => violations);
}

/** The same publishers, some of them with other figures. */
function acked(figures: Readonly<Record<string, number>>): Partial<CrashReport> {
  const publishers = enough.publishers.map((publisher) => ({
    ...publisher,
    acked: figures[publisher.source] ?? publisher.acked,
  }));
  return { publishers };
}

it("accepts a run at its minimums", () => {
  expect(complaints({})).toEqual([]);
  expect(crashChecks(enough, minimums)).toHaveLength(10);
});

it.each<[string, Partial<CrashReport>, string]>([
  ["kills", { kills: 2 }, "2 SIGKILLs hit a broker, at least 3 must be"],
  [
    "events in all",
    acked({ python: 39 }),
    "99 events of all publishers together were acknowledged, at least 100 must be",
  ],
  [
    "events of a publisher",
    acked({ typescript: 80, typescript2: 1 }),
    "1 events of the publisher typescript2 were acknowledged, at least 20 must be",
  ],
  [
    "events in TypeScript",
    acked({ typescript: 39, python: 90 }),
    "59 events of the publishers in typescript were acknowledged, at least 60 must be",
  ],
  [
    "events in Python",
    acked({ typescript: 90, python: 29 }),
    "29 events of the publishers in python were acknowledged, at least 30 must be",
  ],
])("refuses a run with too few %s", (_what, change, sentence) => {
  expect(complaints(change)).toEqual([sentence]);
});

it("refuses a run in which nobody published in a demanded language", () => {
  const publishers = [{ source: "typescript", language: "typescript", acked: 100 } as const];
  expect(complaints({ publishers })).toEqual([
    "0 events of the publishers in python were acknowledged, at least 30 must be",
  ]);
});

it("says what the judge and the publishers found", () => {
  const verdict = judge([], [{ id: "a-1", offset: 0n }]);
  expect(complaints({ verdict, failures: ["python: it ended"] })).toEqual([
    "a-1",
    "python: it ended",
  ]);
});

it("demands of the real leg what its title promises, of every publisher and language", () => {
  expect(REAL_LEG_MINIMUMS.kills).toBeGreaterThanOrEqual(50);
  expect(REAL_LEG_MINIMUMS.events).toBeGreaterThanOrEqual(200_000);
  expect(REAL_LEG_MINIMUMS.eventsOfPublisher).toBeGreaterThan(1_000);
  expect(Object.keys(REAL_LEG_MINIMUMS.eventsOfLanguage).sort()).toEqual(["python", "typescript"]);
  expect(LEVEL_LEG_MINIMUMS.kills).toBeGreaterThanOrEqual(10);
  expect(LEVEL_LEG_MINIMUMS.eventsOfPublisher).toBeGreaterThan(1_000);
});
