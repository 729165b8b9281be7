import type { MapOrigin, MemoryWrite, ParsedWebhook } from "../connector.js";
import { isKey } from "../correlation.js";
import { identifierMember, member, objectMember, shortened, textMember } from "../fields.js";
import type { JsonObject } from "../json.js";
import { contextCharsMax, memoryTagsMax } from "../limits.js";
import type { ConnectorMemory, MlflowAliasMemory, MlflowVersionMemory } from "../memory.js";
import { aliasKey, type MlflowTarget, versionKey } from "./target.js";
import { isVerdictTag } from "./verdict-tags.js";

/** What was remembered that concerns an event. */
export interface Remembered {
  /** Of the version that the event is about, an alias's included. */
  readonly version: MlflowVersionMemory | undefined;
  /** Of the alias, in alias events. */
  readonly alias: MlflowAliasMemory | undefined;
}

/** Memory keys that matter to a target. */
export function memoryKeysOf(target: MlflowTarget): readonly string[] {
  const keys: string[] = [];
  if (target.version !== undefined) keys.push(versionKey(target, target.version));
  if (target.alias !== undefined) keys.push(aliasKey(target, target.alias));
  return keys.filter(isKey);
}

/** Reads what {@link memoryKeysOf} named. */
export function remembered(
  target: MlflowTarget,
  memory: ReadonlyMap<string, ConnectorMemory>,
): Remembered {
  const alias = target.alias === undefined ? undefined : memory.get(aliasKey(target, target.alias));
  const known = alias?.kind === "mlflow_alias" ? alias : undefined;
  if (target.version === undefined) return { version: known?.about ?? undefined, alias: known };
  const version = memory.get(versionKey(target, target.version));
  return { version: version?.kind === "mlflow_version" ? version : undefined, alias: known };
}

/** What an event changes in the memory of its version; undefined where it changes nothing. */
export function learnedVersion(
  parsed: ParsedWebhook,
  before: MlflowVersionMemory | undefined,
  origin: MapOrigin,
): MlflowVersionMemory | undefined {
  if (parsed.event === "model_version.created" || parsed.event === "prompt_version.created") {
    return createdVersion(parsed, before, origin);
  }
  const key = identifierMember(parsed.data, "key");
  if (key === undefined) return undefined;
  if (/_version_tag\.set$/.test(parsed.event)) return tagSet(parsed, key, { before, origin });
  const isRemoval = /_version_tag\.deleted$/.test(parsed.event);
  return isRemoval && before !== undefined ? tagRemoved(before, key) : undefined;
}

/** The memory writes of an event. */
export function memoryWrites(
  target: MlflowTarget,
  about: { readonly parsed: ParsedWebhook; readonly known: MlflowVersionMemory | undefined },
  learned: MlflowVersionMemory | undefined,
  origin: MapOrigin,
): readonly MemoryWrite[] {
  const { version, alias } = target;
  const writes: MemoryWrite[] = [];
  if (version !== undefined && learned !== undefined) {
    writes.push({ key: versionKey(target, version), value: learned });
  }
  if (alias !== undefined && /_alias\.deleted$/.test(about.parsed.event)) {
    writes.push({ key: aliasKey(target, alias), value: undefined });
  }
  if (alias !== undefined && version !== undefined && /_alias\.created$/.test(about.parsed.event)) {
    const deliveryId = origin.deliveryId ?? null;
    const value = {
      kind: "mlflow_alias",
      version,
      about: about.known ?? null,
      deliveryId,
    } as const;
    writes.push({ key: aliasKey(target, alias), value });
  }
  return writes.filter((write) => isKey(write.key));
}

function createdVersion(
  parsed: ParsedWebhook,
  before: MlflowVersionMemory | undefined,
  origin: MapOrigin,
): MlflowVersionMemory {
  const runId = identifierMember(parsed.data, "run_id") ?? null;
  // A name that was deleted and registered again starts at version 1 anew: another run, another
  // version. Tags that came before the creation, in contrast, belong to it.
  const isSame = before !== undefined && (before.runId === null || before.runId === runId);
  const earlier = isSame ? before : undefined;
  return {
    kind: "mlflow_version",
    runId,
    tags: boundedTags({ ...tagsOf(objectMember(parsed.data, "tags")), ...earlier?.tags }),
    verdictDeliveries: earlier?.verdictDeliveries ?? {},
    learnedFrom: parsed.event,
    deliveryId: origin.deliveryId ?? null,
  };
}

function tagSet(
  parsed: ParsedWebhook,
  key: string,
  about: { readonly before: MlflowVersionMemory | undefined; readonly origin: MapOrigin },
): MlflowVersionMemory | undefined {
  const value = textMember(parsed.data, "value");
  if (value === undefined) return undefined;
  const deliveryId = about.origin.deliveryId ?? null;
  const base: MlflowVersionMemory = about.before ?? {
    kind: "mlflow_version",
    runId: null,
    tags: {},
    verdictDeliveries: {},
    learnedFrom: parsed.event,
    deliveryId,
  };
  const isVerdict = isVerdictTag(key) && deliveryId !== null;
  return {
    ...base,
    tags: boundedTags({
      ...without(base.tags, key),
      ...tagsOf(Object.fromEntries([[key, value]])),
    }),
    verdictDeliveries: isVerdict
      ? { ...base.verdictDeliveries, ...Object.fromEntries([[key, deliveryId]]) }
      : base.verdictDeliveries,
  };
}

function tagRemoved(before: MlflowVersionMemory, key: string): MlflowVersionMemory {
  return {
    ...before,
    tags: without(before.tags, key),
    verdictDeliveries: without(before.verdictDeliveries, key),
  };
}

function without(
  record: Readonly<Record<string, string>>,
  name: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

function tagsOf(tags: JsonObject): Record<string, string> {
  const texts = Object.keys(tags).flatMap((key): [string, string][] => {
    const value = member(tags, key);
    if (typeof value !== "string") return [];
    // A shortened id would name another execution.
    if (key.startsWith("opendxa.") && value.length > contextCharsMax) return [];
    return [[key, shortened(value, contextCharsMax)]];
  });
  return Object.fromEntries(texts);
}

// Ours come first, so that a version with very many tags keeps those that correlate.
function boundedTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(tags);
  const rank = ([key]: [string, string]) =>
    Number(!key.startsWith("opendxa.")) + Number(!isVerdictTag(key));
  const ranked = entries.toSorted((left, right) => rank(left) - rank(right));
  return Object.fromEntries(ranked.slice(0, memoryTagsMax));
}
