/** Patterns that stand for a kind of value. Everything else is compared as it is. */
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  "<any>": (value) => value !== undefined,
  "<text>": (value) => typeof value === "string" && value !== "",
  "<integer>": (value) => typeof value === "string" && /^-?\d+$/.test(value),
  "<empty>": (value) => value === null || value === "" || value === undefined,
};

const RANGE = /^<(\d+) to (\d+)>$/;

function isWithin(value: unknown, [, least, most]: RegExpExecArray): boolean {
  return typeof value === "number" && value >= Number(least) && value <= Number(most);
}

/**
 * Compares an answer with a pattern: of a map only the named fields, of a list all items in order.
 *
 * @returns what differs, with the path to it; empty when it fits
 */
export function mismatches(pattern: unknown, value: unknown, path = "answer"): string[] {
  if (typeof pattern === "string" && Object.hasOwn(KINDS, pattern)) {
    return KINDS[pattern]?.(value) === true ? [] : [differs(path, pattern, value)];
  }
  const range = typeof pattern === "string" ? RANGE.exec(pattern) : null;
  if (range !== null) return isWithin(value, range) ? [] : [differs(path, pattern, value)];
  if (Array.isArray(pattern)) return listMismatches(pattern, value, path);
  if (typeof pattern === "object" && pattern !== null) {
    if (typeof value !== "object" || value === null) return [differs(path, pattern, value)];
    const fields = value as Readonly<Record<string, unknown>>;
    return Object.entries(pattern).flatMap(([name, inner]) =>
      mismatches(inner, fields[name], `${path}.${name}`),
    );
  }
  return Object.is(pattern, value) ? [] : [differs(path, pattern, value)];
}

function listMismatches(pattern: readonly unknown[], value: unknown, path: string): string[] {
  if (!Array.isArray(value) || value.length !== pattern.length) {
    return [differs(path, pattern, value)];
  }
  return pattern.flatMap((inner, index) => mismatches(inner, value[index], `${path}[${index}]`));
}

function differs(path: string, pattern: unknown, value: unknown): string {
  return `${path}: expected ${JSON.stringify(pattern)}, got ${JSON.stringify(value)}`;
}
