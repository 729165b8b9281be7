const SURROGATE = /\p{Surrogate}/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[\u0000-\u001f\u007f\p{Surrogate}]/u;

/** Limits of a text. */
export interface TextBounds {
  /** Bytes of UTF-8 at least. Default 0. */
  readonly bytesMin?: number;
  /** Bytes of UTF-8 at most. */
  readonly bytesMax: number;
}

/** The rule that a text breaks which is too long, with its length. */
export function tooLong(bytes: number, bytesMax: number): string {
  return `at most ${bytesMax} bytes of UTF-8, not ${bytes}`;
}

/**
 * The rule of the contract that a text breaks: its length in bytes of UTF-8, control characters
 * (U+0000 to U+001F, U+007F), and halves of surrogate pairs, which no UTF-8 can carry.
 *
 * @returns the rule in words, or undefined when the text is well
 */
export function brokenTextRule(
  text: string,
  { bytesMin = 0, bytesMax }: TextBounds,
): string | undefined {
  // A caller in JavaScript may give anything.
  if (typeof (text as unknown) !== "string") return "a text";
  if (text.length < bytesMin) return `at least ${bytesMin} byte`;
  if (text.length * 3 > bytesMax) {
    const bytes = Buffer.byteLength(text);
    if (bytes > bytesMax) return tooLong(bytes, bytesMax);
  }
  if (!FORBIDDEN.test(text)) return undefined;
  return SURROGATE.test(text) ? "valid Unicode" : "no control characters";
}
