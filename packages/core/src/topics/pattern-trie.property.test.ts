import { TopicPattern } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { PatternTrie } from "./pattern-trie.js";

const literal = fc.constantFrom("a", "b", "poet", "functions", "feedback", "$x", "é");
const topic = fc.array(literal, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
const pattern = fc
  .tuple(
    fc.array(fc.oneof(literal, fc.constant("*")), { maxLength: 4 }),
    fc.oneof(literal, fc.constantFrom("*", "**")),
  )
  .map(([parts, last]) => [...parts, last].join("/"));
const patternOrAlias = fc.oneof(pattern, fc.constant("feedback"));

/** The grammar's sentence, segment by segment, without any index. */
function matchesNaively(text: string, name: string): boolean {
  const segments = name.split("/");
  const wanted = text.split("/");
  const isWild = (at: number) => segments[at] !== undefined && !segments[at]?.startsWith("$");
  if (wanted.at(-1) === "**") {
    const fixed = wanted.slice(0, -1);
    const rest = segments.slice(fixed.length);
    const isRest = rest.length > 0 && rest.every((segment) => !segment.startsWith("$"));
    return isRest && fixed.every((want, at) => (want === "*" ? isWild(at) : want === segments[at]));
  }
  const isEqual = wanted.every((want, at) => (want === "*" ? isWild(at) : want === segments[at]));
  const hasAlias = text === "feedback" && matchesNaively("poet/functions/*/feedback", name);
  return (isEqual && wanted.length === segments.length) || hasAlias;
}

it("finds what matching every pattern by itself finds, also after removals and from memory", () => {
  const change = fc.record({ isAdded: fc.boolean(), pattern: patternOrAlias, value: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.array(topic), (changes, topics) => {
      const trie = new PatternTrie<number>(4);
      const held: { pattern: string; value: number }[] = [];
      for (const { isAdded, ...one } of changes) {
        if (isAdded) {
          trie.add(one.pattern, one.value);
          held.push(one);
        } else {
          const at = held.findIndex((h) => h.pattern === one.pattern && h.value === one.value);
          trie.remove(one.pattern, one.value);
          if (at >= 0) held.splice(at, 1);
        }
        for (const name of [...topics, ...topics]) {
          const expected = held.filter((h) => matchesNaively(h.pattern, name)).map((h) => h.value);
          expect([...trie.match(name)].sort()).toEqual([...new Set(expected)].sort());
        }
      }
    }),
  );
});

it("agrees with TopicPattern", () => {
  fc.assert(
    fc.property(patternOrAlias, topic, (text, name) => {
      const trie = new PatternTrie<string>();
      trie.add(text, "x");
      expect(trie.match(name).length === 1).toBe(TopicPattern.parse(text).matches(name));
    }),
    { numRuns: 1_000 },
  );
});
