import { PubSubError } from "./pubsub-error.js";
import { brokenPathRule, isReservedSegment, SEGMENT_SEPARATOR } from "./topic-name.js";

const ONE = "*";
const REST = "**";

/** Patterns that mean more than they say. */
const ALIASES: ReadonlyMap<string, string> = new Map([["feedback", "poet/functions/*/feedback"]]);

/**
 * A pattern over topic names: `*` is one segment, `**`, only as the last segment, any rest of one
 * or more; wildcards never match a segment that begins with `$`. The pattern `feedback` also
 * matches `poet/functions/<any>/feedback`.
 *
 * @example
 * ```ts
 * TopicPattern.parse("poet/functions/**").matches("poet/functions/f/feedback"); // true
 * ```
 */
export class TopicPattern {
  /** As it was written. */
  readonly text: string;
  /** Its segments. */
  readonly segments: readonly string[];
  readonly #alternatives: readonly TopicPattern[];

  private constructor(text: string, hasAlias: boolean) {
    this.text = text;
    this.segments = text.split(SEGMENT_SEPARATOR);
    const alias = hasAlias ? ALIASES.get(text) : undefined;
    this.#alternatives = alias === undefined ? [] : [new TopicPattern(alias, false)];
  }

  /**
   * Reads a pattern.
   *
   * @throws {@link PubSubError} TOPIC_PATTERN_INVALID with `pattern` and `rule`
   */
  static parse(text: string): TopicPattern {
    const rule = brokenPathRule(text) ?? brokenWildcardRule(text);
    if (rule !== undefined) {
      throw PubSubError.of("TOPIC_PATTERN_INVALID", `the topic pattern breaks a rule: ${rule}`, {
        metadata: { pattern: text, rule },
      });
    }
    return new TopicPattern(text, true);
  }

  /** Whether the pattern names one topic only: no wildcard and no alias. */
  get isLiteral(): boolean {
    return this.#alternatives.length === 0 && !this.text.includes(ONE);
  }

  /** Whether a topic name matches, the built-in alias included. */
  matches(topic: string): boolean {
    return (
      this.#matchesSegments(topic.split(SEGMENT_SEPARATOR)) ||
      this.#alternatives.some((alternative) => alternative.matches(topic))
    );
  }

  /** The pattern without its alias, and the alias's own: what an index of patterns holds. */
  expand(): readonly TopicPattern[] {
    return this.#alternatives.length === 0
      ? [this]
      : [new TopicPattern(this.text, false), ...this.#alternatives];
  }

  #matchesSegments(topic: readonly string[]): boolean {
    const last = this.segments.length - 1;
    for (let i = 0; i <= last; i += 1) {
      const segment = topic[i];
      if (segment === undefined) return false;
      const wanted = this.segments[i];
      if (wanted === REST) return !topic.slice(i).some(isReservedSegment);
      if (wanted === ONE ? isReservedSegment(segment) : wanted !== segment) return false;
    }
    return topic.length === this.segments.length;
  }
}

function brokenWildcardRule(text: string): string | undefined {
  const segments = text.split(SEGMENT_SEPARATOR);
  const wild = segments.filter((segment) => segment.includes(ONE));
  if (wild.some((segment) => segment !== ONE && segment !== REST)) {
    return "'*' and '**' stand alone in their segment";
  }
  return segments.slice(0, -1).includes(REST) ? "'**' only as the last segment" : undefined;
}
