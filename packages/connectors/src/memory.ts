/** What is remembered of a model or prompt version: later events name nothing else. */
export interface MlflowVersionMemory {
  /** Discriminator. */
  readonly kind: "mlflow_version";
  /** The run that made the version, where the creation named one. */
  readonly runId: string | null;
  /** Its tags as last seen; at most `memoryTagsMax`, the `opendxa.` ones first. */
  readonly tags: Readonly<Record<string, string>>;
  /** Delivery that set each tag that is a verdict, by the tag's key. */
  readonly verdictDeliveries: Readonly<Record<string, string>>;
  /** Event that taught it first, such as `model_version.created`. */
  readonly learnedFrom: string;
  /** Delivery of that event. */
  readonly deliveryId: string | null;
}

/** What is remembered of an alias: its deletion names no version. */
export interface MlflowAliasMemory {
  /** Discriminator. */
  readonly kind: "mlflow_alias";
  /** The version that it points to. */
  readonly version: string;
  /** What was known of that version when the alias was set. */
  readonly about: MlflowVersionMemory | null;
  /** Delivery that set it. */
  readonly deliveryId: string | null;
}

/** What is remembered of an incident: notes, responders and fields only refer to it. */
export interface PagerDutyIncidentMemory {
  /** Discriminator. */
  readonly kind: "pagerduty_incident";
  /** The incident's key, which is the alert's dedup key where alerts are not grouped. */
  readonly incidentKey: string | null;
  /** When it was opened, ms since 1970. */
  readonly createdAtMs: number | null;
  /** Custom field `opendxa_execution_id`. */
  readonly executionId: string | null;
  /** Custom field `opendxa_correlation_id`. */
  readonly correlationId: string | null;
  /** Custom field with a verdict, as last seen. */
  readonly verdict: "false_positive" | "confirmed_drift" | null;
  /** Delivery that brought the verdict. */
  readonly verdictDeliveryId: string | null;
  /** Delivery that resolved it; null while it is open. */
  readonly resolvedDeliveryId: string | null;
  /** Event that taught it first, such as `incident.triggered`. */
  readonly learnedFrom: string;
  /** Delivery of that event. */
  readonly deliveryId: string | null;
}

/** A remembered fact: plain JSON, at most some 30,000 characters, kept by the caller under its memory key. */
export type ConnectorMemory = MlflowVersionMemory | MlflowAliasMemory | PagerDutyIncidentMemory;
