import { isObject, type JsonObject, type JsonValue } from "./json.js";
import { identifierCharsMax } from "./limits.js";

/** An own member of an object, or undefined; never one that an object inherits. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A member that is an object; anything else reads as an empty one. */
export function objectMember(object: JsonObject, name: string): JsonObject {
  const value = member(object, name);
  return isObject(value) ? value : {};
}

/** A member that is an array; anything else reads as an empty one. */
export function arrayMember(object: JsonObject, name: string): readonly JsonValue[] {
  const value = member(object, name);
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** A member that is a string, however long; undefined otherwise. */
export function textMember(object: JsonObject, name: string): string | undefined {
  const value = member(object, name);
  return typeof value === "string" ? value : undefined;
}

/**
 * A member that can serve as an identifier: a string of 1 to `identifierCharsMax` characters without
 * control characters, or a safe integer (as its digits). Undefined otherwise.
 */
export function identifierMember(object: JsonObject, name: string): string | undefined {
  return identifier(member(object, name));
}

/** The same test as {@link identifierMember} for a value at hand. */
export function identifier(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== "string" || value.length > identifierCharsMax) return undefined;
  return /^\P{Cc}+$/u.test(value) ? value : undefined;
}

/** Milliseconds since 1970 of an RFC 3339 time with a zone; undefined for anything else. */
export function timeMember(object: JsonObject, name: string): number | undefined {
  const text = textMember(object, name);
  if (text === undefined || !rfc3339.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The first `charsMax` characters of a text, never half of a surrogate pair. */
export function shortened(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replace(/\p{Cs}$/u, "");
}
