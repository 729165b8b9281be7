import { expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.js";

const draw = (random: SeededRandom, count: number): number[] =>
  Array.from({ length: count }, () => random.nextUint32());

it("gives the same run for the same seed, and another for another", () => {
  expect(draw(new SeededRandom(42), 100)).toEqual(draw(new SeededRandom(42), 100));
  expect(draw(new SeededRandom(42), 100)).not.toEqual(draw(new SeededRandom(43), 100));
  expect(new SeededRandom(-1).seed).toBe(0xffff_ffff);
});

it("stays in range and reaches both ends", () => {
  const random = new SeededRandom(1);
  const seen = new Set(Array.from({ length: 500 }, () => random.nextInt(3, 6)));
  expect([...seen].sort()).toEqual([3, 4, 5, 6]);
  const floats = Array.from({ length: 500 }, () => random.nextFloat());
  expect(Math.min(...floats)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...floats)).toBeLessThan(1);
  const trues = Array.from({ length: 2000 }, () => random.nextBoolean(0.25)).filter(Boolean);
  expect(Math.abs(trues.length - 500)).toBeLessThan(100);
  expect(() => random.nextInt(2, 1)).toThrow(RangeError);
});

it("gives bytes of any length", () => {
  const random = new SeededRandom(9);
  for (const length of [0, 1, 3, 4, 5, 1000]) expect(random.bytes(length)).toHaveLength(length);
  expect(new Set(random.bytes(4096)).size).toBeGreaterThan(240);
});

it("forks independent generators", () => {
  const parent = new SeededRandom(5);
  const twin = new SeededRandom(5);
  const child = parent.fork();
  twin.fork();
  draw(child, 50);
  expect(draw(parent, 10)).toEqual(draw(twin, 10));
});
