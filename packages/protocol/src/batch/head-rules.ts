import { isUtf8 } from "node:buffer";
import type { EventHead } from "../gen/opendxa/pubsub/v1/event.js";
import { EVENT_ID_BYTES_MAX, ORDERING_KEY_BYTES_MAX, TEXT_BYTES_MAX } from "../limits.js";
import { brokenTextRule, tooLong } from "../text-rules.js";
import { HEAD_FIELD } from "./head-fields.js";

/** A rule that a head breaks. */
export interface BrokenRule {
  /** Name of the field in the contract. */
  readonly field: string;
  /** The rule in words. */
  readonly rule: string;
}

interface TextRule {
  readonly field: string;
  readonly key: keyof EventHead;
  readonly bytesMin: number;
  readonly bytesMax: number;
}

function textRule(key: keyof EventHead, bytesMin = 0, bytesMax = TEXT_BYTES_MAX): TextRule {
  const field = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { field, key, bytesMin, bytesMax };
}

/** Rules of text fields, by field number. */
const TEXT_RULES: readonly (TextRule | undefined)[] = [
  undefined,
  textRule("id", 1, EVENT_ID_BYTES_MAX),
  textRule("source", 1),
  textRule("type", 1),
  textRule("subject"),
  undefined,
  textRule("correlationId"),
  textRule("causationId"),
  textRule("orderingKey", 0, ORDERING_KEY_BYTES_MAX),
];

/** The rule that a text field's bytes break, if any. */
export function brokenHeadText(
  heads: Uint8Array,
  number: number,
  start: number,
  end: number,
): BrokenRule | undefined {
  const rule = TEXT_RULES[number];
  if (rule === undefined) return undefined;
  const bytes = end - start;
  if (bytes > rule.bytesMax) return { field: rule.field, rule: tooLong(bytes, rule.bytesMax) };
  if (bytes < rule.bytesMin) return { field: rule.field, rule: `at least ${rule.bytesMin} byte` };
  const broken = brokenBytesRule(heads, start, end);
  return broken === undefined ? undefined : { field: rule.field, rule: broken };
}

function brokenBytesRule(bytes: Uint8Array, start: number, end: number): string | undefined {
  let seen = 0;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x20 || byte === 0x7f) return "no control characters";
    seen |= byte;
  }
  if (seen < 0x80 || isUtf8(bytes.subarray(start, end))) return undefined;
  return "valid UTF-8";
}

/** The rule that the batch's defaults break, if any. */
export function brokenDefaults(defaults: EventHead | undefined): BrokenRule | undefined {
  if (defaults === undefined) return undefined;
  for (const rule of TEXT_RULES) {
    const text = rule && defaults[rule.key];
    if (rule === undefined || typeof text !== "string") continue;
    const broken = brokenTextRule(text, rule);
    if (broken !== undefined) return { field: rule.field, rule: broken };
  }
  return undefined;
}

/** The rule of what must be there that a head breaks, if any. */
export function missingField(
  present: number,
  defaults: EventHead | undefined,
  hasProducer: boolean,
): BrokenRule | undefined {
  if (!(present & (1 << HEAD_FIELD.type)) && defaults?.type === undefined) {
    return { field: "type", rule: "required here or in the batch's defaults" };
  }
  if (!hasProducer && !(present & (1 << HEAD_FIELD.id)) && defaults?.id === undefined) {
    return { field: "id", rule: "required without a producer" };
  }
  return undefined;
}
