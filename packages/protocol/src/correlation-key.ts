import { CORRELATION_KEY_BYTES_MAX, CORRELATION_KEY_PART_CHARS_MAX } from "./limits.js";
import { PubSubError } from "./pubsub-error.js";
import { brokenTextRule } from "./text-rules.js";

/** Parts of a correlation key, `<system>:<kind>:<rest verbatim>`. */
export interface CorrelationKey {
  /** System that the rest belongs to, such as `mlflow`. */
  readonly system: string;
  /** What the rest names there, such as `run`. */
  readonly kind: string;
  /** Verbatim; may hold any characters but control characters. */
  readonly rest: string;
}

const PART = new RegExp(`^[a-z0-9_-]{1,${CORRELATION_KEY_PART_CHARS_MAX}}$`);

/**
 * Reads a correlation key such as `mlflow:model:churn/3`.
 *
 * @throws {@link PubSubError} CORRELATION_KEY_INVALID with `key` and `rule`
 */
export function parseCorrelationKey(key: string): CorrelationKey {
  const [system = "", kind = "", ...rest] = key.split(":");
  const found = { system, kind, rest: rest.join(":") };
  const rule = brokenRule(key, found);
  if (rule === undefined) return found;
  throw PubSubError.of("CORRELATION_KEY_INVALID", `the correlation key breaks a rule: ${rule}`, {
    metadata: { key, rule },
  });
}

function brokenRule(key: string, { system, kind, rest }: CorrelationKey): string | undefined {
  const broken = brokenTextRule(key, { bytesMin: 1, bytesMax: CORRELATION_KEY_BYTES_MAX });
  if (broken !== undefined) return broken;
  const part = `1 to ${CORRELATION_KEY_PART_CHARS_MAX} of a-z, 0-9, '_', '-'`;
  if (!PART.test(system)) return `system: ${part}`;
  if (!PART.test(kind)) return `kind: ${part}`;
  return rest === "" ? "<system>:<kind>:<rest> with a rest" : undefined;
}

/** Writes a correlation key. @throws {@link PubSubError} as {@link parseCorrelationKey} */
export function formatCorrelationKey({ system, kind, rest }: CorrelationKey): string {
  const key = `${system}:${kind}:${rest}`;
  parseCorrelationKey(key);
  return key;
}

const OPENDXA = "opendxa";
const CORRELATION = "correlation";

/** The key that every execution owns. */
export function executionKey(executionId: string): string {
  return `${OPENDXA}:execution:${executionId}`;
}

/** The key of a correlation id: the executions that have it own it. */
export function correlationIdKey(correlationId: string): string {
  return `${OPENDXA}:${CORRELATION}:${correlationId}`;
}

/** The correlation id whose key this is; `undefined` for every other key. */
export function correlationIdOf({ system, kind, rest }: CorrelationKey): string | undefined {
  return system === OPENDXA && kind === CORRELATION ? rest : undefined;
}
