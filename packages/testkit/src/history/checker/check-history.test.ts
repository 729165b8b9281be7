import { expect, it } from "vitest";
import { HistoryMaker, judged, randomOf } from "./history-maker.test-support.js";
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
  expect(figures).toMatchObject({ published: 24, acked: 24, owed: 36, paid: 36, keys: 2 });
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
