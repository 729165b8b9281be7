import type { Verification, WebhookRequest } from "../connector.js";
import type { ConnectorSettings } from "../settings.js";
import { deliveryIdOf, headerOf, hmacSha256, refusal, signatureRefusal } from "../signature.js";

const idHeader = "x-mlflow-delivery-id";
const timestampHeader = "x-mlflow-timestamp";
const signatureHeader = "x-mlflow-signature";

/** The signed parts: `<delivery id>.<unix seconds>.<raw body>`. */
interface SignedContent {
  readonly deliveryId: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/** What {@link signMlflow} signs. */
export interface MlflowSigning {
  /** Secret of the webhook, used as its UTF-8 bytes. */
  readonly secret: string;
  /** Id of the delivery. */
  readonly deliveryId: string;
  /** When it is sent, ms since 1970; the header has whole seconds. */
  readonly timestampMs: number;
  /** The raw body. */
  readonly body: Uint8Array;
}

/** Headers that MLflow would send with a body, by lower-case name. */
export function signMlflow(signing: MlflowSigning): Record<string, string> {
  const timestamp = String(Math.floor(signing.timestampMs / 1000));
  const { secret, deliveryId, body } = signing;
  return {
    [idHeader]: deliveryId,
    [timestampHeader]: timestamp,
    [signatureHeader]: `v1,${signatureOf(secret, { deliveryId, timestamp, body })}`,
  };
}

/**
 * Verifies an MLflow request: HMAC-SHA256 over id, timestamp and raw body, in base64, with the
 * secret's own UTF-8 bytes; then the age of the signed timestamp.
 */
export function verifyMlflow(
  request: WebhookRequest,
  settings: ConnectorSettings,
  nowMs: number,
): Verification {
  const identified = deliveryIdOf(request, idHeader);
  if (!identified.ok) return identified;
  const { deliveryId } = identified;
  const timestamp = headerOf(request, timestampHeader);
  if (timestamp === undefined) return refusal("timestamp_missing", `no ${timestampHeader} header`);
  if (!/^\d{1,12}$/.test(timestamp)) {
    return refusal("timestamp_invalid", `${timestampHeader} must be unix seconds`);
  }
  const content = { deliveryId, timestamp, body: request.body };
  const refused = signatureRefusal(request, settings, {
    header: signatureHeader,
    separator: / /,
    prefix: "v1,",
    sign: (secret) => signatureOf(secret, content),
  });
  if (refused !== undefined) return refused;
  const ageMs = nowMs - Number(timestamp) * 1000;
  if (Math.abs(ageMs) > settings.toleranceMs) {
    const detail = `signed ${ageMs} ms ago, at most ${settings.toleranceMs} ms either way`;
    return refusal("timestamp_out_of_window", detail);
  }
  return identified;
}

function signatureOf(secret: string, content: SignedContent): string {
  const { deliveryId, timestamp, body } = content;
  return hmacSha256(secret, [`${deliveryId}.${timestamp}.`, body], "base64");
}
