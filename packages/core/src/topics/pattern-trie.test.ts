import { expect, it } from "vitest";
import { topicsMax } from "./limits.js";
import { PatternTrie } from "./pattern-trie.js";

it("follows the alias of feedback and the rule of '$'", () => {
  const trie = new PatternTrie<string>();
  trie.add("feedback", "learner");
  trie.add("**", "all");
  expect(trie.match("poet/functions/detect_drift/feedback")).toEqual(["all", "learner"]);
  expect(trie.match("feedback")).toEqual(["all", "learner"]);
  expect(trie.match("$dead-letter/x")).toEqual([]);
});

it("refuses a pattern that breaks the grammar", () => {
  const trie = new PatternTrie<string>();
  expect(() => trie.add("a/**/b", "x")).toThrowError(
    expect.objectContaining({ reason: "TOPIC_PATTERN_INVALID" }),
  );
});

it("ignores the removal of what was never added", () => {
  const trie = new PatternTrie<string>();
  trie.add("a/*/b", "x");
  trie.remove("a/*/c", "x");
  trie.remove("q/**", "x");
  trie.remove("a/*/b", "y");
  expect(trie.match("a/1/b")).toEqual(["x"]);
});

it("remembers no more topics than its bound, and forgets them when patterns change", () => {
  const trie = new PatternTrie<string>(10);
  trie.add("t/*", "x");
  for (let i = 0; i < 100; i += 1) trie.match(`t/${i}`);
  expect(trie.cached).toBeLessThanOrEqual(10);
  expect(trie.match("t/99")).toBe(trie.match("t/99"));
  trie.add("t/99", "y");
  expect(trie.match("t/99")).toEqual(["y", "x"]);
});

/** Topics of four segments, all different, and as many patterns of each kind, none like another. */
const topicOf = (i: number) => `plant/site-${i % 10_000}/line-${i % 9_973}/feedback`;
const patternOf = [topicOf, (i: number) => `plant/site-${i}/*/feedback`].concat(
  (i) => `plant/*/line-${i}/feedback`,
  (i) => `plant/site-${i}/**`,
);

it.each([100, 10_000])(
  "comes to nodes by a topic's depth, whatever %i patterns there are",
  (patterns) => {
    const trie = new PatternTrie<number>();
    for (let i = 0; i < patterns; i += 1) trie.add(patternOf[i % 4]?.(i) ?? "", i);
    let most = 0;
    for (let i = 0; i < 100_000; i += 1) {
      const before = trie.visited;
      trie.match(topicOf(i));
      most = Math.max(most, trie.visited - before);
    }
    // The root and "plant", then its literal and its "*", and below each of these as much again.
    expect(most).toBeLessThanOrEqual(1 + 1 + 2 + 4 + 4);
  },
);

it("walks no topic again, of as many as a namespace may have", () => {
  const trie = new PatternTrie<number>();
  for (let i = 0; i < 4; i += 1) trie.add(patternOf[i]?.(i) ?? "", i);
  for (let i = 0; i < topicsMax; i += 1) trie.match(topicOf(i));
  const walked = trie.visited;
  for (let i = 0; i < topicsMax; i += 1) trie.match(topicOf(i));
  expect(trie.visited).toBe(walked);
});

it("finds what 10,000 patterns match over 100,000 topics", () => {
  const trie = new PatternTrie<number>();
  for (let i = 0; i < 10_000; i += 1) trie.add(`poet/functions/f${i}/${i % 3 ? "*" : "**"}`, i);
  let matches = 0;
  for (let i = 0; i < 100_000; i += 1) {
    matches += trie.match(`poet/functions/f${i % 20_000}/t${i}`).length;
  }
  expect(matches).toBe(50_000);
});
