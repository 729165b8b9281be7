import type { MapOrigin, Mapping, ParsedWebhook } from "../connector.js";
import { CorrelationKeys } from "../correlation.js";
import { identifier, identifierMember } from "../fields.js";
import type { ConnectorMemory, MlflowVersionMemory } from "../memory.js";
import { feedbackOf, type MlflowFacts } from "./feedback.js";
import { learnedVersion, memoryKeysOf, memoryWrites, remembered } from "./memory.js";
import { subjectOf, targetOf, versionKey } from "./target.js";

/** Memory keys to load before {@link mapMlflow}. */
export function mlflowMemoryKeys(parsed: ParsedWebhook): readonly string[] {
  const target = targetOf(parsed);
  return target === undefined ? [] : memoryKeysOf(target);
}

/** Maps an MLflow event; the table of outcomes is in the README. */
export function mapMlflow(
  parsed: ParsedWebhook,
  memory: ReadonlyMap<string, ConnectorMemory>,
  origin: MapOrigin = {},
): Mapping {
  const common = {
    eventType: `external.mlflow.${parsed.event}`,
    occurredAtMs: parsed.occurredAtMs,
  };
  const target = targetOf(parsed);
  if (target === undefined) return { ...common, ...nothing };
  const before = remembered(target, memory);
  const version = target.version ?? before.alias?.version;
  const learned = learnedVersion(parsed, before.version, origin);
  const known = learned ?? before.version;
  const facts: MlflowFacts = { parsed, target, version, before, known, origin };
  const keys = correlate(facts);
  return {
    ...common,
    subject: subjectOf(target, version),
    correlationKeys: keys.keys,
    explanation: keys.explanation,
    feedback: feedbackOf(facts),
    memory: memoryWrites(target, { parsed, known }, learned, origin),
    notes: keys.notes,
  };
}

const nothing = {
  subject: undefined,
  correlationKeys: [],
  explanation: [],
  feedback: undefined,
  memory: [],
  notes: [],
} as const;

function correlate(facts: MlflowFacts): CorrelationKeys {
  const keys = new CorrelationKeys();
  const { target, version, before, known } = facts;
  if (version === undefined) {
    if (target.alias !== undefined) {
      keys.note("the event names no version, and none is remembered for the alias");
    }
    return keys;
  }
  const subject = subjectOf(target, version);
  // A removed id tag still says whose event this is; a new one says it from now on.
  const source = /_tag\.deleted$/.test(facts.parsed.event) ? before.version : known;
  if (source !== undefined) addRemembered(keys, source, facts);
  const via =
    target.version === undefined
      ? `remembered: alias ${target.alias} pointed to it${deliveryPhrase(before.alias?.deliveryId)}`
      : "named in this event";
  keys.add(versionKey(target, version), `${target.kind} version ${subject}, ${via}`);
  return keys;
}

function addRemembered(keys: CorrelationKeys, source: MlflowVersionMemory, facts: MlflowFacts) {
  const { target, version, before, parsed } = facts;
  const subject = subjectOf(target, version);
  const ownKey = identifierMember(parsed.data, "key");
  const isCreation = /_version\.created$/.test(parsed.event);
  const because = (what: string, tag?: string): string => {
    const isOwn = isCreation || (source !== before.version && tag !== undefined && tag === ownKey);
    return isOwn
      ? `${what} of ${subject}, named in this event`
      : `${what} of ${subject}, remembered from ${source.learnedFrom}${deliveryPhrase(source.deliveryId)}`;
  };
  const tag = (name: string) =>
    Object.hasOwn(source.tags, name) ? identifier(source.tags[name]) : undefined;
  const execution = "opendxa.execution_id";
  keys.addExecution(tag(execution), because(`tag ${execution}`, execution));
  const correlation = "opendxa.correlation_id";
  keys.addCorrelation(tag(correlation), because(`tag ${correlation}`, correlation));
  if (source.runId !== null) keys.add(`mlflow:run:${source.runId}`, because("run"));
}

function deliveryPhrase(deliveryId: string | null | undefined): string {
  return deliveryId === null || deliveryId === undefined ? "" : ` delivery ${deliveryId}`;
}
