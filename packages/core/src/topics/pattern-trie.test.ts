import { expect, it } from "vitest";
import { PatternTrie } from "./pattern-trie.js";
import { cachedTopicsMax } from "./pattern-trie-limits.js";

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
  expect(cachedTopicsMax).toBeGreaterThan(100_000);
});

it("walks the topic and not the patterns: 10,000 patterns over 100,000 topics", () => {
  const trie = new PatternTrie<number>();
  for (let i = 0; i < 10_000; i += 1) trie.add(`poet/functions/f${i}/${i % 3 ? "*" : "**"}`, i);
  let matches = 0;
  for (let i = 0; i < 100_000; i += 1) {
    matches += trie.match(`poet/functions/f${i % 20_000}/t${i}`).length;
  }
  expect(matches).toBe(50_000);
});
