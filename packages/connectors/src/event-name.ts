import { ConnectorError } from "./connector-error.js";
import { member, textMember } from "./fields.js";
import { isObject, type JsonObject, type JsonValue } from "./json.js";
import { eventNameCharsMax } from "./limits.js";

const segments = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** A required member that can stand in an event type. @throws ConnectorError `bad_shape` */
export function eventNameMember(object: JsonObject, name: string, path: string): string {
  const value = textMember(object, name);
  if (value === undefined || value.length > eventNameCharsMax || !segments.test(value)) {
    const rule = `a dotted name of 1 to ${eventNameCharsMax} letters, digits, "_" and "-"`;
    throw new ConnectorError({ reason: "bad_shape", field: path, rule });
  }
  return value;
}

/** A required member that is an object. @throws ConnectorError `bad_shape` */
export function requiredObject(object: JsonObject, name: string, path: string): JsonObject {
  return asObject(member(object, name), path);
}

/** A value that must be an object. @throws ConnectorError `bad_shape` */
export function asObject(value: JsonValue | undefined, path: string): JsonObject {
  if (isObject(value)) return value;
  throw new ConnectorError({ reason: "bad_shape", field: path, rule: "must be an object" });
}
