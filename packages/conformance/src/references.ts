/** What earlier steps saved, by name. */
export type Saved = ReadonlyMap<string, unknown>;

/**
 * Puts saved values in the place of `$name.path`, and their text in that of `${name.path}` inside a
 * longer text.
 *
 * @throws Error when nothing was saved there
 */
export function resolveReferences(value: unknown, saved: Saved): unknown {
  if (typeof value === "string") return resolveText(value, saved);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, saved));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, resolveReferences(inner, saved)]),
  );
}

function resolveText(text: string, saved: Saved): unknown {
  const whole = /^\$([a-z]\w*(?:\.\w+)*)$/.exec(text)?.[1];
  if (whole !== undefined) return lookUp(whole, saved);
  return text.replaceAll(/\$\{([a-z]\w*(?:\.\w+)*)\}/g, (_match, path: string) =>
    String(lookUp(path, saved)),
  );
}

function lookUp(path: string, saved: Saved): unknown {
  const [name = "", ...fields] = path.split(".");
  let found = saved.get(name);
  for (const field of fields) {
    found = (found as Readonly<Record<string, unknown>> | undefined)?.[field];
  }
  if (found === undefined) throw new Error(`nothing was saved as ${path}`);
  return found;
}
