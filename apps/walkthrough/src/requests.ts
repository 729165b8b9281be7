import { readFile } from "node:fs/promises";
import { signMlflow, signPagerDuty } from "@opendxa/pubsub-connectors";

/** A captured or documented request, and what it must bring. */
export interface ScriptedRequest {
  /** Who sent it. */
  readonly system: "mlflow" | "pagerduty";
  /** Name of its fixture. */
  readonly fixture: string;
  /** What it means, for the reader. */
  readonly meaning: string;
  /** Pieces of feedback that it must bring to registered executions. */
  readonly feedback: number;
  /** It must wait as pending. */
  readonly pending?: boolean;
}

/** A request ready to be posted. */
export interface WebhookPost {
  /** Path. */
  readonly path: string;
  /** Headers, signed with the walk-through's secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body, byte for byte as captured. */
  readonly body: Uint8Array;
}

/** Secrets of the walk-through's two endpoints. */
export const secrets = {
  mlflow: "walk-through-mlflow",
  pagerduty: "walk-through-pagerduty",
} as const;

/** Before the broker is killed. */
export const requestsBefore: readonly ScriptedRequest[] = [
  {
    system: "mlflow",
    fixture: "prompt_alias.created",
    meaning: "a prompt became `prod`, before its execution is registered",
    feedback: 0,
    pending: true,
  },
  {
    system: "mlflow",
    fixture: "model_version.created",
    meaning: "a run became model version fraud-detector/1: remembered",
    feedback: 0,
  },
  {
    system: "mlflow",
    fixture: "model_version_tag.set",
    meaning: "its validation says approved; the request names no run",
    feedback: 1,
  },
  {
    system: "pagerduty",
    fixture: "v3.incident.triggered",
    meaning: "the alert opened an incident",
    feedback: 0,
  },
  {
    system: "pagerduty",
    fixture: "v3.incident.annotated",
    meaning: "the on-call engineer wrote a note; the request names no incident key",
    feedback: 1,
  },
];

/** After the broker was killed. */
export const requestsAfter: readonly ScriptedRequest[] = [
  {
    system: "mlflow",
    fixture: "model_version_tag.set.2",
    meaning: "somebody found that it was a false positive",
    feedback: 1,
  },
  {
    system: "mlflow",
    fixture: "model_version_alias.created",
    meaning: "the version became champion",
    feedback: 1,
  },
  {
    system: "mlflow",
    fixture: "model_version_alias.deleted",
    meaning: "and lost the title; the request names no version",
    feedback: 1,
  },
  {
    system: "pagerduty",
    fixture: "v3.incident.resolved",
    meaning: "two days later the incident was resolved",
    feedback: 1,
  },
];

interface Fixture {
  readonly request: {
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
    readonly body_base64?: string;
  };
}

const fixtures = new URL("../../../packages/connectors/fixtures/", import.meta.url);

/** Loads a fixture and renews what ages: signature and timestamp. The body stays as it is. */
export async function loadRequest(request: ScriptedRequest, nowMs: number): Promise<WebhookPost> {
  const { system } = request;
  const url = new URL(`${system}/${request.fixture}.json`, fixtures);
  const { request: captured } = JSON.parse(await readFile(url, "utf8")) as Fixture;
  const body = Buffer.from(
    captured.body_base64 ?? captured.body,
    captured.body_base64 ? "base64" : "utf8",
  );
  const received = Object.fromEntries(captured.headers.map(([k, v]) => [k.toLowerCase(), v]));
  const { "content-type": contentType = "application/json" } = received;
  const deliveryId = received[system === "mlflow" ? "x-mlflow-delivery-id" : "x-webhook-id"] ?? "";
  const signed =
    system === "mlflow"
      ? signMlflow({ secret: secrets.mlflow, deliveryId, timestampMs: nowMs, body })
      : signPagerDuty({ secrets: [secrets.pagerduty], deliveryId, body });
  return { path: `/ingress/${system}`, headers: { "content-type": contentType, ...signed }, body };
}
