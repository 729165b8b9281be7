import { describe, expect, it, vi } from "vitest";
import { simulate } from "./simulation.js";

vi.setConfig({ testTimeout: 120_000 });

/** The short set; `npm run simulate` and the nightly go on from here. */
const SEEDS = Array.from({ length: 6 }, (_, i) => 2_000 + i);

describe("a simulated world of publishers and consumers", () => {
  it.each(SEEDS)(
    "delivers everything, in order, and nothing that was settled, seed %i",
    async (seed) => {
      const { faults, figures, folder } = await simulate(seed);
      expect(faults, folder).toEqual([]);
      expect(figures?.acked).toBeGreaterThan(0);
      expect(figures?.paid).toBe(figures?.owed);
    },
  );

  it("meets everything that publishers, consumers and operators do, within twelve seeds", async () => {
    const histories = [];
    for (let seed = 2_213; seed < 2_225; seed += 1) {
      const { faults, folder, history } = await simulate(seed);
      expect(faults, folder).toEqual([]);
      histories.push(history);
    }
    const records = histories.join("").split("\n").filter(Boolean);
    const seen = (...parts: string[]) =>
      records.filter((record) => parts.every((part) => record.includes(part))).length;
    const kinds = [
      "nack",
      "extend",
      "lost",
      "closing",
      "kill",
      "pause",
      "skip",
      "seek",
      "deadLetter",
    ];
    const parts = ['"scheduled":true', '"expire":', '"stored":"no"', '"priority":"high"'];
    for (const kind of kinds) expect(seen(`"k":"${kind}"`), kind).toBeGreaterThan(0);
    for (const part of parts) expect(seen(part), part).toBeGreaterThan(0);
    const answers = [
      ['"k":"verdict"', '"of":"extend"', '"verdict":"settled"'],
      ['"k":"verdict"', '"of":"extend"', '"verdict":"stale"'],
      ['"k":"extend"', '"deadline":0'],
      ['"k":"acked"', '"source":"c-'],
      ['"k":"failed"', '"source":"c-', '"stored":"no"'],
      ['"k":"failed"', '"source":"c-', '"stored":"unknown"'],
    ];
    for (const answer of answers) expect(seen(...answer), answer.join()).toBeGreaterThan(0);
  });

  it("has the same history for the same seed", async () => {
    const first = await simulate(2_100);
    const again = await simulate(2_100);
    expect(first.history).toBe(again.history);
    expect((await simulate(2_101)).history).not.toBe(first.history);
  });
});
