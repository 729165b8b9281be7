import type { MapOrigin, MappedFeedback, ParsedWebhook } from "../connector.js";
import { identifierMember, shortened, textMember } from "../fields.js";
import type { JsonValue } from "../json.js";
import { contextCharsMax } from "../limits.js";
import type { MlflowVersionMemory } from "../memory.js";
import { isPositive, type Verdict, verdictOf } from "../verdict.js";
import type { Remembered } from "./memory.js";
import type { MlflowTarget } from "./target.js";
import { isPromotion, isVerdictTag } from "./verdict-tags.js";

/** What a judgement of a version is built from. */
interface Judgement {
  /** `validation_type` of the typed event. */
  readonly validationType: Verdict | "promoted" | "demoted";
  /** Whether the version did well. */
  readonly isPositive: boolean;
  /** The provider's own words. */
  readonly words: Readonly<Record<string, JsonValue>>;
  /** It takes the earlier judgement back. */
  readonly retracted: boolean;
  /** The delivery of the earlier judgement. */
  readonly revises: string | null | undefined;
}

/** An event with all that is known about its target. */
export interface MlflowFacts {
  /** The event. */
  readonly parsed: ParsedWebhook;
  /** What it is about. */
  readonly target: MlflowTarget;
  /** The version, an alias's included. */
  readonly version: string | undefined;
  /** What was remembered before it. */
  readonly before: Remembered;
  /** What is known of the version, this event included. */
  readonly known: MlflowVersionMemory | undefined;
  /** The delivery. */
  readonly origin: MapOrigin;
}

/** What an event says about an outcome; undefined for all but tags, aliases and their removal. */
export function feedbackOf(facts: MlflowFacts): MappedFeedback | undefined {
  if (facts.version === undefined) return undefined;
  const judgement = judgementOf(facts);
  return judgement === undefined ? undefined : toFeedback(facts, judgement);
}

function judgementOf(facts: MlflowFacts): Judgement | undefined {
  const { event } = facts.parsed;
  if (/_version_tag\.set$/.test(event)) return tagJudgement(facts);
  if (/_version_tag\.deleted$/.test(event)) return tagRetraction(facts);
  if (/_alias\.created$/.test(event)) return aliasJudgement(facts);
  if (/_alias\.deleted$/.test(event)) return aliasRetraction(facts);
  return undefined;
}

function tagJudgement({ parsed, before }: MlflowFacts): Judgement | undefined {
  const key = identifierMember(parsed.data, "key");
  const value = textMember(parsed.data, "value");
  const verdict = verdictOf(value);
  if (key === undefined || value === undefined || verdict === undefined) return undefined;
  if (!isVerdictTag(key)) return undefined;
  return {
    validationType: verdict,
    isPositive: isPositive(verdict),
    words: { tag: key, value },
    retracted: false,
    revises: ownValue(before.version?.verdictDeliveries, key),
  };
}

function tagRetraction({ parsed, before }: MlflowFacts): Judgement | undefined {
  const key = identifierMember(parsed.data, "key");
  if (key === undefined || !isVerdictTag(key)) return undefined;
  const value = ownValue(before.version?.tags, key);
  const verdict = verdictOf(value);
  // Nobody was told a verdict that was never seen, so there is nothing to take back.
  if (value === undefined || verdict === undefined) return undefined;
  return {
    validationType: verdict,
    isPositive: isPositive(verdict),
    words: { tag: key, value },
    retracted: true,
    revises: ownValue(before.version?.verdictDeliveries, key),
  };
}

function aliasJudgement({ target, before }: MlflowFacts): Judgement | undefined {
  const { alias, version } = target;
  if (alias === undefined) return undefined;
  const verdict = verdictOf(alias);
  if (verdict === undefined && !isPromotion(alias)) return undefined;
  const previous = before.alias?.version;
  const moved =
    previous === undefined || previous === version ? {} : { previous_version: previous };
  return {
    validationType: verdict ?? "promoted",
    isPositive: verdict === undefined || isPositive(verdict),
    words: { alias, ...moved },
    retracted: false,
    revises: undefined,
  };
}

function aliasRetraction({ target, before }: MlflowFacts): Judgement | undefined {
  const { alias } = target;
  if (alias === undefined) return undefined;
  const verdict = verdictOf(alias);
  if (verdict !== undefined) {
    const words = { alias };
    const revises = before.alias?.deliveryId;
    const judgement = { validationType: verdict, isPositive: isPositive(verdict), words };
    return { ...judgement, retracted: true, revises };
  }
  if (!isPromotion(alias)) return undefined;
  // MLflow moves an alias by setting it elsewhere: whoever deletes it takes the version out of use.
  return {
    validationType: "demoted",
    isPositive: false,
    words: { alias },
    retracted: false,
    revises: before.alias?.deliveryId,
  };
}

function toFeedback(facts: MlflowFacts, judgement: Judgement): MappedFeedback {
  const { parsed, target, version, known } = facts;
  const words = Object.entries(judgement.words).map(([name, value]): [string, JsonValue] => [
    name,
    typeof value === "string" ? shortened(value, contextCharsMax) : value,
  ]);
  return {
    typedEventType: "feedback.mlflow_validation",
    feedbackType: judgement.isPositive && !judgement.retracted ? "success" : "quality",
    // A judgement taken back must not count once more with those who overlook `retracted`.
    metrics: judgement.retracted ? {} : { outcome_score: judgement.isPositive ? 1 : 0 },
    context: {
      system: "mlflow",
      event: parsed.event,
      [target.kind]: target.path,
      version: version ?? null,
      run_id: known?.runId ?? null,
      ...Object.fromEntries(words),
    },
    suggestions: [],
    typedData: { validation_type: judgement.validationType, ...fromTags(known?.tags) },
    retracted: judgement.retracted,
    revisesDeliveryId: judgement.revises ?? undefined,
  };
}

// Tags may say what the webhook has no field for.
function fromTags(tags: Readonly<Record<string, string>> | undefined): Record<string, JsonValue> {
  const experiment = ownValue(tags, "opendxa.experiment_id");
  const confidence = ownValue(tags, "opendxa.confidence");
  const isRatio = confidence !== undefined && /^(0(\.\d{1,15})?|1(\.0{1,15})?)$/.test(confidence);
  return {
    ...(experiment === undefined ? {} : { experiment_id: experiment }),
    ...(isRatio ? { confidence: Number(confidence) } : {}),
  };
}

function ownValue(
  record: Readonly<Record<string, string>> | undefined,
  key: string,
): string | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
