import { z } from "zod";
import { configSchema } from "./config-schema.js";

/** How a value is written in an environment variable or a flag. */
export type SettingKind = "text" | "number" | "list" | "json";

/** One key of the configuration with its names everywhere. */
export interface Setting {
  /** Path in the file, such as `limits.connectionsMax`. */
  readonly path: string;
  /** Environment variable. */
  readonly variable: string;
  /** Flag without dashes; undefined where a flag would show secrets in the process list. */
  readonly flag: string | undefined;
  /** How its text is read. */
  readonly kind: SettingKind;
  /** Default, as JSON. */
  readonly standard: string;
  /** What it does, in words. */
  readonly description: string;
}

/** Prefix of every environment variable of the broker. */
export const VARIABLE_PREFIX = "OPENDXA_PUBSUB_";

/** Variable that names the configuration file; the flag is `--config`. */
export const CONFIG_FILE_VARIABLE = `${VARIABLE_PREFIX}CONFIG`;

/** Every key that file, environment and flags share, derived from the schema. */
export const settings: readonly Setting[] = listSettings(configSchema, "");

function listSettings(schema: z.ZodObject, prefix: string): Setting[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const type = field as z.ZodType;
    const inner = unwrap(type);
    const path = `${prefix}${name}`;
    if (inner instanceof z.ZodObject) return listSettings(inner, `${path}.`);
    return [setting(path, type, inner)];
  });
}

function setting(path: string, type: z.ZodType, inner: z.ZodType): Setting {
  const words = path.replaceAll(".", "_").replaceAll(/([A-Z])/g, "_$1");
  const kind = kindOf(inner);
  return {
    path,
    variable: `${VARIABLE_PREFIX}${words.toUpperCase()}`,
    flag: kind === "json" ? undefined : words.toLowerCase().replaceAll("_", "-"),
    kind,
    standard: JSON.stringify(type.parse(undefined)),
    description: type.description ?? inner.description ?? "",
  };
}

function kindOf(inner: z.ZodType): SettingKind {
  if (inner instanceof z.ZodNumber) return "number";
  if (!(inner instanceof z.ZodArray)) return "text";
  return inner.element instanceof z.ZodString ? "list" : "json";
}

function unwrap(type: z.ZodType): z.ZodType {
  const isWrapped = type instanceof z.ZodDefault || type instanceof z.ZodPrefault;
  return isWrapped ? unwrap(type.unwrap() as z.ZodType) : type;
}
