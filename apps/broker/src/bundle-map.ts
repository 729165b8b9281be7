/** A place in a source; both numbers count from 1, as stacks do. */
export interface SourcePlace {
  /** The source, as its map names it. */
  readonly source: string;
  /** Line. */
  readonly line: number;
  /** Column. */
  readonly column: number;
}

/** What is read of a source map (ECMA-426). */
export interface SourceMapText {
  /** Names of the sources. */
  readonly sources: readonly string[];
  /** Segments of fields in base 64, lines apart by `;`, segments by `,`. */
  readonly mappings: string;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ASCII = 128;
const VALUES = Uint8Array.from({ length: ASCII }, (_, code) =>
  Math.max(0, DIGITS.indexOf(String.fromCharCode(code))),
);
const [COMMA, SEMICOLON] = [",".charCodeAt(0), ";".charCodeAt(0)];

/** Numbers kept of each line: where it begins, and what its first segment counts on from. */
const PER_LINE = 4;

/** Reads segments one after another; each counts on from the one before it. */
class Segments {
  readonly mappings: string;
  at: number;
  generated = 0;
  source: number;
  line: number;
  column: number;

  constructor(mappings: string, [at = 0, source = 0, line = 0, column = 0]: Iterable<number> = []) {
    this.mappings = mappings;
    this.at = at;
    this.source = source;
    this.line = line;
    this.column = column;
  }

  get isEndOfLine(): boolean {
    return this.at >= this.mappings.length || this.mappings.charCodeAt(this.at) === SEMICOLON;
  }

  /** Reads the next segment of a line that has one. */
  next(): void {
    this.generated += this.#field();
    if (!this.#isEndOfSegment) {
      this.source += this.#field();
      this.line += this.#field();
      this.column += this.#field();
    }
    // The name of what stands there.
    if (!this.#isEndOfSegment) this.#field();
    if (this.mappings.charCodeAt(this.at) === COMMA) this.at += 1;
  }

  get #isEndOfSegment(): boolean {
    return this.isEndOfLine || this.mappings.charCodeAt(this.at) === COMMA;
  }

  #field(): number {
    let [value, shift, digit] = [0, 0, 0];
    do {
      digit = VALUES[this.mappings.charCodeAt(this.at++)] ?? 0;
      value |= (digit & 31) << shift;
      shift += 5;
    } while (digit & 32);
    return value & 1 ? -(value >>> 1) : value >>> 1;
  }
}

/**
 * The map of a bundle, for the few places that stacks ask for. Node's own `SourceMap` keeps every
 * segment as an object: for the broker 0.25 s and 85 MB in the middle of a fault, where this keeps four
 * numbers a line and reads a line's segments when it is asked for.
 */
export class BundleMap {
  readonly #text: SourceMapText;
  readonly #lines: Int32Array;

  /** Finds the lines of a map's text. */
  constructor(text: SourceMapText) {
    this.#text = text;
    const lines: number[] = [];
    const segments = new Segments(text.mappings);
    for (; segments.at <= text.mappings.length; segments.at += 1) {
      lines.push(segments.at, segments.source, segments.line, segments.column);
      while (!segments.isEndOfLine) segments.next();
    }
    this.#lines = Int32Array.from(lines);
  }

  /** Where something of the bundle comes from; both numbers count from 1. */
  placeOf(line: number, column: number): SourcePlace | undefined {
    const from = (line - 1) * PER_LINE;
    if (from < 0 || from >= this.#lines.length) return undefined;
    const { mappings, sources } = this.#text;
    const segments = new Segments(mappings, this.#lines.subarray(from, from + PER_LINE));
    let place: SourcePlace | undefined;
    while (!segments.isEndOfLine) {
      segments.next();
      if (segments.generated > column - 1) break;
      const source = sources[segments.source];
      if (source === undefined) return undefined;
      place = { source, line: segments.line + 1, column: segments.column + 1 };
    }
    return place;
  }
}
