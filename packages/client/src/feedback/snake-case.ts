/**
 * Names of a message's own fields in the contract's form; what maps hold belongs to the caller and
 * keeps its names.
 */
export function toSnakeCase(message: object): Record<string, unknown> {
  return renamed(message, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** The contract's field names in the form of generated messages. */
export function fromSnakeCase(json: unknown): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return {};
  return renamed(json, (name) =>
    name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()),
  );
}

function renamed(message: object, rename: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [rename(name), value]));
}
