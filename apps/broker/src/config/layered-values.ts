import { ConfigError } from "./config-error.js";
import { CONFIG_FILE_VARIABLE, type Setting, settings, VARIABLE_PREFIX } from "./settings-list.js";

/** A tree of raw values as read, not checked yet. */
export type RawValues = Record<string, unknown>;

/** Raw values of all sources, the later winning, and where each came from. */
export class LayeredValues {
  /** What the schema checks. */
  readonly values: RawValues = {};
  readonly #origins = new Map<string, string>();

  /** Puts the whole content of a file in. */
  addFile(content: RawValues, file: string): void {
    this.#merge(content, "", `file ${file}`);
  }

  /**
   * Puts the broker's variables in. Answers those of the prefix that it does not know: clients and
   * tools share the prefix, so they are worth a warning and no error.
   */
  addEnvironment(environment: Readonly<Record<string, string | undefined>>): string[] {
    const unknown: string[] = [];
    for (const [name, text] of Object.entries(environment)) {
      if (!name.startsWith(VARIABLE_PREFIX) || text === undefined) continue;
      const setting = settings.find(({ variable }) => variable === name);
      if (setting === undefined) {
        if (name !== CONFIG_FILE_VARIABLE) unknown.push(name);
        continue;
      }
      this.#set(setting.path, parseText(setting, text, name), `environment variable ${name}`);
    }
    return unknown;
  }

  /** Puts flags in, by their name without dashes. */
  addFlags(flags: Readonly<Record<string, string | undefined>>): void {
    for (const setting of settings) {
      const text = setting.flag === undefined ? undefined : flags[setting.flag];
      if (text === undefined) continue;
      this.#set(
        setting.path,
        parseText(setting, text, `--${setting.flag}`),
        `flag --${setting.flag}`,
      );
    }
  }

  /** Where a key's value came from, in words. */
  originOf(path: readonly PropertyKey[]): string {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = this.#origins.get(path.slice(0, length).join("."));
      if (origin !== undefined) return origin;
    }
    return "the defaults";
  }

  #merge(content: RawValues, prefix: string, origin: string): void {
    for (const [name, value] of Object.entries(content)) {
      const path = `${prefix}${name}`;
      if (isMap(value) && settings.some((setting) => setting.path.startsWith(`${path}.`))) {
        this.#origins.set(path, origin);
        this.#merge(value, `${path}.`, origin);
      } else {
        this.#set(path, value, origin);
      }
    }
  }

  #set(path: string, value: unknown, origin: string): void {
    const names = path.split(".");
    const last = names.pop() as string;
    let target = this.values;
    for (const name of names) {
      if (!isMap(target[name])) target[name] = Object.create(null);
      target = target[name] as RawValues;
    }
    Object.defineProperty(target, last, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    this.#origins.set(path, origin);
  }
}

function isMap(value: unknown): value is RawValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text that is no number stays a text, so that the schema's own rule is what the error names. */
function parseText(setting: Setting, text: string, name: string): unknown {
  if (setting.kind === "number") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (setting.kind === "list") return text === "" ? [] : text.split(",").map((item) => item.trim());
  if (setting.kind === "text") return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(
      `The value of ${name} (key "${setting.path}") is not JSON.`,
      setting.path,
    );
  }
}
