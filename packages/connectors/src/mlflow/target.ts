import type { ParsedWebhook } from "../connector.js";
import { identifierMember } from "../fields.js";

/** What an MLflow event is about. */
export interface MlflowTarget {
  /** A model or a prompt. */
  readonly kind: "model" | "prompt";
  /** Its registered name, with the workspace before it where that is not the default one. */
  readonly path: string;
  /** Its version, where the event names one. */
  readonly version: string | undefined;
  /** The alias, in alias events. */
  readonly alias: string | undefined;
}

/** The target of an event, or undefined for events about neither models nor prompts. */
export function targetOf(parsed: ParsedWebhook): MlflowTarget | undefined {
  const { event, data, envelope } = parsed;
  const kind = /^(registered_model|model_version)/.test(event)
    ? "model"
    : /^prompt/.test(event)
      ? "prompt"
      : undefined;
  const name = identifierMember(data, "name");
  if (kind === undefined || name === undefined) return undefined;
  const workspace = identifierMember(envelope, "workspace");
  // Registered names are unique within a workspace only.
  const isDefault = workspace === undefined || workspace === "default";
  return {
    kind,
    path: isDefault ? name : `${workspace}/${name}`,
    version: identifierMember(data, "version"),
    alias: identifierMember(data, "alias"),
  };
}

/** `fraud-detector/1`, or the bare name where the event names no version. */
export function subjectOf(target: MlflowTarget, version: string | undefined): string {
  return version === undefined ? target.path : `${target.path}/${version}`;
}

/** Key of a version, in the memory and as a correlation key: `mlflow:model:fraud-detector/1`. */
export function versionKey(target: MlflowTarget, version: string): string {
  return `mlflow:${target.kind}:${subjectOf(target, version)}`;
}

/** Memory key of an alias: `mlflow:model-alias:fraud-detector@champion`. */
export function aliasKey(target: MlflowTarget, alias: string): string {
  return `mlflow:${target.kind}-alias:${target.path}@${alias}`;
}
