import { expect, it } from "vitest";
import { judge } from "./judge.js";

const stored = [
  { source: "a", id: "a-1", offset: 0n },
  { source: "b", id: "b-1", offset: 1n },
  { source: "a", id: "a-2", offset: 5n },
];
const acked = [
  { id: "a-1", offset: 0n },
  { id: "a-2", offset: 5n },
];

it("finds nothing where everything is in its place", () => {
  expect(judge(stored, acked)).toEqual({
    read: 3,
    acked: 2,
    missing: [],
    moved: [],
    doubled: [],
    disordered: [],
    falling: [],
  });
});

it("finds each kind of violation", () => {
  expect(judge(stored, [{ id: "a-9", offset: 9n }]).missing).toEqual(["a-9"]);
  expect(judge(stored, [{ id: "a-2", offset: 4n }]).moved).toHaveLength(1);
  expect(judge([...stored, { source: "a", id: "a-2", offset: 6n }], acked).doubled).toHaveLength(1);
  const swapped = [
    { source: "a", id: "a-2", offset: 0n },
    { source: "a", id: "a-1", offset: 1n },
  ];
  expect(judge(swapped, []).disordered).toEqual(["a-1 after 2"]);
  expect(judge([...stored, { source: "b", id: "b-2", offset: 5n }], []).falling).toHaveLength(1);
});
