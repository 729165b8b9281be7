import { isReservedSegment, SEGMENT_SEPARATOR, TopicPattern } from "@opendxa/pubsub-protocol";
import { cachedTopicsMax } from "./pattern-trie-limits.js";

interface TrieNode<T> {
  /** Next nodes by literal segment. */
  readonly literals: Map<string, TrieNode<T>>;
  /** Next node of `*`. */
  one: TrieNode<T> | undefined;
  /** Values of patterns that end here, with how often each was added. */
  readonly ends: Map<T, number>;
  /** Values of patterns that end in `**` here. */
  readonly rests: Map<T, number>;
}

function newNode<T>(): TrieNode<T> {
  return { literals: new Map(), one: undefined, ends: new Map(), rests: new Map() };
}

function isEmpty<T>({ literals, one, ends, rests }: TrieNode<T>): boolean {
  return literals.size + ends.size + rests.size === 0 && one === undefined;
}

function count<T>(values: Map<T, number>, value: T, change: 1 | -1): void {
  const times = (values.get(value) ?? 0) + change;
  if (times <= 0) values.delete(value);
  else values.set(value, times);
}

function nextNode<T>(node: TrieNode<T>, segment: string): TrieNode<T> | undefined {
  return segment === "*" ? node.one : node.literals.get(segment);
}

function removeFrom<T>(node: TrieNode<T>, segments: readonly string[], value: T): void {
  const [segment, ...behind] = segments;
  if (segment === undefined || segment === "**") {
    count(segment === undefined ? node.ends : node.rests, value, -1);
    return;
  }
  const next = nextNode(node, segment);
  if (next === undefined) return;
  removeFrom(next, behind, value);
  if (!isEmpty(next)) return;
  if (segment === "*") node.one = undefined;
  else node.literals.delete(segment);
}

/**
 * Topics to the values of all patterns that match them, with the built-in alias. A miss costs one
 * walk over the topic's segments; results are remembered by topic, the least recently used ones
 * are forgotten by generation.
 *
 * @example
 * ```ts
 * const trie = new PatternTrie<string>();
 * trie.add("feedback", "learner");
 * trie.match("poet/functions/f/feedback"); // ["learner"]
 * ```
 */
export class PatternTrie<T> {
  readonly #root = newNode<T>();
  readonly #cachedMax: number;
  #young = new Map<string, readonly T[]>();
  #old = new Map<string, readonly T[]>();
  #visited = 0;

  /** @param cachedMax topics whose matches are remembered */
  constructor(cachedMax: number = cachedTopicsMax) {
    this.#cachedMax = cachedMax;
  }

  /** Topics whose matches are remembered now. */
  get cached(): number {
    return this.#young.size + this.#old.size;
  }

  /** Nodes that all walks so far came to: what finding has cost, on any machine. */
  get visited(): number {
    return this.#visited;
  }

  /**
   * Adds a value under a pattern; the same value may stand under several.
   *
   * @throws PubSubError TOPIC_PATTERN_INVALID
   */
  add(pattern: string, value: T): void {
    for (const { segments } of TopicPattern.parse(pattern).expand()) this.#addPath(segments, value);
    this.#forget();
  }

  /** Takes a value away from a pattern under which it was added; otherwise nothing happens. */
  remove(pattern: string, value: T): void {
    for (const { segments } of TopicPattern.parse(pattern).expand()) {
      removeFrom(this.#root, segments, value);
    }
    this.#forget();
  }

  /** The values of all patterns that match a topic, each once. */
  match(topic: string): readonly T[] {
    const young = this.#young.get(topic);
    if (young !== undefined) return young;
    const found = this.#old.get(topic) ?? this.#find(topic);
    if (this.#young.size >= Math.max(1, this.#cachedMax >>> 1)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(topic, found);
    return found;
  }

  #addPath(segments: readonly string[], value: T): void {
    let node = this.#root;
    for (const segment of segments) {
      if (segment === "**") {
        count(node.rests, value, 1);
        return;
      }
      let next = nextNode(node, segment);
      if (next === undefined) {
        next = newNode<T>();
        if (segment === "*") node.one = next;
        else node.literals.set(segment, next);
      }
      node = next;
    }
    count(node.ends, value, 1);
  }

  #find(topic: string): readonly T[] {
    const segments = topic.split(SEGMENT_SEPARATOR);
    const lastReserved = segments.findLastIndex(isReservedSegment);
    const found = new Set<T>();
    const visit = (node: TrieNode<T>, depth: number): void => {
      this.#visited += 1;
      const segment = segments[depth];
      if (segment === undefined) {
        for (const value of node.ends.keys()) found.add(value);
        return;
      }
      if (depth > lastReserved) for (const value of node.rests.keys()) found.add(value);
      const literal = node.literals.get(segment);
      if (literal !== undefined) visit(literal, depth + 1);
      if (node.one !== undefined && !isReservedSegment(segment)) visit(node.one, depth + 1);
    };
    visit(this.#root, 0);
    return [...found];
  }

  #forget(): void {
    this.#young = new Map();
    this.#old = new Map();
  }
}
