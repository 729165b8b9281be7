import { ConnectorError } from "./connector-error.js";
import {
  errorFieldCharsMax,
  jsonDepthMax,
  jsonNameCharsMax,
  jsonStringCharsMax,
  jsonValuesMax,
  webhookBodyBytesMax,
} from "./limits.js";

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object; read members with `Object.hasOwn`, for `__proto__` may be one of them. */
export interface JsonObject {
  /** A member by its name. */
  readonly [name: string]: JsonValue;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses a webhook body under the bounds of `limits.ts`.
 *
 * Duplicate names: the last one wins, as in every common parser. Lone surrogates become U+FFFD, so
 * that every string survives UTF-8. Numbers beyond a double's range are refused, not rounded.
 *
 * @throws {@link ConnectorError} with `body_too_large` or `bad_json`.
 */
export function parseJson(body: Uint8Array): JsonValue {
  if (body.byteLength > webhookBodyBytesMax) {
    throw new ConnectorError({
      reason: "body_too_large",
      field: "body",
      rule: `${body.byteLength} bytes, at most ${webhookBodyBytesMax}`,
    });
  }
  return checked(parseText(body), "body", { depth: 1, count: { left: jsonValuesMax } });
}

/** Whether a value is an object and not an array or null. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseText(body: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    throw badJson("body", "must be valid UTF-8");
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message may quote the body, which may hold secrets.
    throw badJson("body", "must be valid JSON");
  }
}

interface Walk {
  readonly depth: number;
  readonly count: { left: number };
}

// Recursion is safe: it throws as soon as the depth limit is crossed.
function checked(value: unknown, path: string, walk: Walk): JsonValue {
  walk.count.left -= 1;
  if (walk.count.left < 0) throw badJson("body", `at most ${jsonValuesMax} values`);
  if (typeof value === "string") return checkedString(value, path);
  if (typeof value === "number") return checkedNumber(value, path);
  if (typeof value !== "object" || value === null) return value as boolean | null;
  if (walk.depth > jsonDepthMax) throw badJson(path, `at most ${jsonDepthMax} levels deep`);
  const inner = { depth: walk.depth + 1, count: walk.count };
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => checked(item, `${path}[${index}]`, inner));
  }
  const members = Object.entries(value).map(([name, member]): [string, JsonValue] => {
    if (name.length > jsonNameCharsMax) {
      throw badJson(
        path,
        `a member's name has ${name.length} characters, at most ${jsonNameCharsMax}`,
      );
    }
    return [wellFormed(name), checked(member, `${path}.${name}`, inner)];
  });
  // Object.fromEntries defines members and never assigns: "__proto__" stays plain data.
  return Object.fromEntries(members);
}

function checkedString(value: string, path: string): string {
  if (value.length > jsonStringCharsMax) {
    throw badJson(path, `${value.length} characters, at most ${jsonStringCharsMax}`);
  }
  return wellFormed(value);
}

function checkedNumber(value: number, path: string): number {
  if (!Number.isFinite(value)) throw badJson(path, "number outside the range of a double");
  return value;
}

function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, "\uFFFD");
}

function badJson(path: string, rule: string): ConnectorError {
  const field = wellFormed(path.slice(0, errorFieldCharsMax));
  return new ConnectorError({ reason: "bad_json", field, rule });
}
