import { type PoetEvents, poetEventMessages, poetFields } from "./gen/poet-events.js";
import { PubSubError } from "./pubsub-error.js";

/** Envelope type of a typed event. */
export type PoetEventType = keyof PoetEvents;

/** Any JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A JSON object. */
export type JsonObject = { readonly [name: string]: JsonValue };

type Kind = "string" | "number" | "boolean" | "uint64" | "any" | "message";

interface Field {
  readonly name: string;
  readonly property: string;
  readonly cardinality: "required" | "optional" | "list" | "map";
  readonly kind: Kind;
  readonly message?: string;
}

const FIELDS: Readonly<Record<string, readonly Field[]>> = poetFields;
const UINT64_MAX = (1n << 64n) - 1n;
const ZEROS: Readonly<Record<Kind, unknown>> = {
  string: "",
  number: 0,
  boolean: false,
  uint64: 0n,
  any: null,
  message: undefined,
};

/** Whether a type of an envelope is that of a typed event. */
export function isPoetEventType(type: string): type is PoetEventType {
  return Object.hasOwn(poetEventMessages, type);
}

/**
 * Writes a typed event as the `data` of its envelope: snake_case names, 64-bit integers as
 * strings; optional fields only where they are set.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule` where a number is not finite or
 * a value is no JSON
 */
export function poetEventToJson<T extends PoetEventType>(
  type: T,
  event: PoetEvents[T],
): JsonObject {
  return writeMessage(poetEventMessages[type], event as unknown as Record<string, unknown>, "");
}

/**
 * Reads a typed event from the `data` of its envelope. Fields that are not known are passed over,
 * absent ones take the default of their type, 64-bit integers may be numbers too.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule` where a value has another type
 */
export function poetEventFromJson<T extends PoetEventType>(type: T, json: unknown): PoetEvents[T] {
  return readMessage(poetEventMessages[type], json, "") as unknown as PoetEvents[T];
}

/** A typed event as UTF-8 JSON. @throws as {@link poetEventToJson} */
export function encodePoetEvent<T extends PoetEventType>(
  type: T,
  event: PoetEvents[T],
): Uint8Array {
  return Buffer.from(JSON.stringify(poetEventToJson(type, event)));
}

/** A typed event from UTF-8 JSON. @throws as {@link poetEventFromJson}, also where it is no JSON */
export function decodePoetEvent<T extends PoetEventType>(type: T, data: Uint8Array): PoetEvents[T] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch (cause) {
    throw broken("data", "JSON in UTF-8", cause);
  }
  return poetEventFromJson(type, json);
}

function broken(field: string, rule: string, cause?: unknown): PubSubError {
  return PubSubError.of("BAD_REQUEST", `${field}: ${rule}`, {
    metadata: { field, rule },
    fieldViolations: [{ field, description: rule }],
    cause,
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (!isObject(value)) throw broken(path, "an object");
  return Object.entries(value);
}

function mapOf<T>(
  value: unknown,
  path: string,
  convert: (item: unknown, path: string) => T,
): Record<string, T> {
  return Object.fromEntries(
    entriesOf(value, path).map(([key, item]) => [key, convert(item, `${path}.${key}`)]),
  );
}

function listOf<T>(value: unknown, path: string, convert: (item: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) throw broken(path, "a list");
  return value.map((item, index) => convert(item, `${path}[${index}]`));
}

function writeMessage(name: string, message: Record<string, unknown>, path: string): JsonObject {
  const json: [string, JsonValue][] = [];
  for (const field of FIELDS[name] ?? []) {
    const value = message[field.property];
    if (value === undefined) continue;
    json.push([field.name, writeField(field, value, path + field.name)]);
  }
  return Object.fromEntries(json);
}

function writeField(field: Field, value: unknown, path: string): JsonValue {
  const write = (item: unknown, at: string) => writeValue(field, item, at);
  if (field.cardinality === "map") return mapOf(value, path, write);
  return field.cardinality === "list" ? listOf(value, path, write) : write(value, path);
}

function writeValue({ kind, message }: Field, value: unknown, path: string): JsonValue {
  if (kind === "message")
    return writeMessage(message ?? "", value as Record<string, unknown>, `${path}.`);
  if (kind === "uint64") return String(value);
  return checkJson(value, path);
}

/** JSON has no infinity, and no undefined: they would silently become null. */
function checkJson(value: unknown, path: string): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw broken(path, "a finite number");
  }
  if (Array.isArray(value)) return listOf(value, path, checkJson);
  if (isObject(value)) return mapOf(value, path, checkJson);
  throw broken(path, "a JSON value");
}

function readMessage(name: string, json: unknown, path: string): Record<string, unknown> {
  if (!isObject(json)) throw broken(path === "" ? "data" : path.slice(0, -1), "an object");
  return Object.fromEntries(
    (FIELDS[name] ?? []).map((field) => {
      const value = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
      return [field.property, readField(field, value, path + field.name)];
    }),
  );
}

function readField(field: Field, value: unknown, path: string): unknown {
  const read = (item: unknown, at: string) => readValue(field, item, at);
  const isAbsent = value === undefined || value === null;
  switch (field.cardinality) {
    case "map":
      return isAbsent ? {} : mapOf(value, path, read);
    case "list":
      return isAbsent ? [] : listOf(value, path, read);
    case "optional":
      return isAbsent ? undefined : read(value, path);
    case "required":
      return isAbsent ? ZEROS[field.kind] : read(value, path);
  }
}

function readValue({ kind, message }: Field, value: unknown, path: string): unknown {
  if (kind === "any") return value;
  if (kind === "message") return readMessage(message ?? "", value, `${path}.`);
  if (kind === "uint64") return readUint64(value, path);
  if (typeof value === kind) return value;
  throw broken(path, `a ${kind}`);
}

function readUint64(value: unknown, path: string): bigint {
  const isNumber = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  if (isNumber || (typeof value === "string" && /^[0-9]{1,20}$/.test(value))) {
    const found = BigInt(value);
    if (found <= UINT64_MAX) return found;
  }
  throw broken(path, "an integer of 64 bits without sign, as a string");
}
