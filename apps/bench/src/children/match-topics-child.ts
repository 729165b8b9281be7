import { PatternTrie } from "@opendxa/pubsub-core";
import { answerTask } from "../processes/child.js";
import type { Matched, MatchTask } from "./match-task.js";

/** Without common divisors, so that no two of a hundred thousand topics are the same. */
const SITES = 10_000;
const LINES = 9_973;
/** Topics after which the walk is compiled code; they are none of those that are measured. */
const WARM_UP_TOPICS = 20_000;

const topicOf = (i: number) => `plant/site-${i % SITES}/line-${i % LINES}/feedback`;

/** Each kind of pattern in turn, none like another. */
const patternKinds = [
  topicOf,
  (i: number) => `plant/site-${i}/*/feedback`,
  (i: number) => `plant/*/line-${i}/feedback`,
  (i: number) => `plant/site-${i}/**`,
] as const;

async function match({ patterns, topics }: MatchTask): Promise<Matched> {
  const trie = new PatternTrie<number>();
  const add = (i: number) => trie.add(patternKinds[i % patternKinds.length]?.(i) ?? "", i);
  for (let i = 1; i < patterns; i += 1) add(i);
  for (let i = 0; i < WARM_UP_TOPICS; i += 1) trie.match(topicOf(topics + i));
  // A change of patterns makes it forget every topic.
  add(0);
  // As the broker has them: flat strings, kept by its tables of topics.
  const names = Array.from({ length: topics }, (_, i) => Buffer.from(topicOf(i)).toString());
  const cold = timeOf(trie, names);
  const warm = timeOf(trie, names);
  return {
    coldMicroseconds: cold.microseconds,
    warmMicroseconds: warm.microseconds,
    matches: cold.matches,
  };
}

/** One batch to each topic; both results are averages over the topics. */
function timeOf(trie: PatternTrie<number>, names: readonly string[]) {
  let matches = 0;
  const begin = performance.now();
  for (const name of names) matches += trie.match(name).length;
  const microseconds = ((performance.now() - begin) * 1_000) / names.length;
  return { microseconds, matches: matches / names.length };
}

await answerTask(match);
