import type { Verification, WebhookRequest } from "../connector.js";
import type { ConnectorSettings } from "../settings.js";
import { deliveryIdOf, hmacSha256, signatureRefusal } from "../signature.js";

const idHeader = "x-webhook-id";
const signatureHeader = "x-pagerduty-signature";

/** What {@link signPagerDuty} signs. */
export interface PagerDutySigning {
  /** Active secrets; one signature each, in order. */
  readonly secrets: readonly string[];
  /** Id of the webhook, the same on every attempt. */
  readonly deliveryId: string;
  /** The raw body. */
  readonly body: Uint8Array;
}

/** Headers that PagerDuty would send with a body, by lower-case name. */
export function signPagerDuty(signing: PagerDutySigning): Record<string, string> {
  const signatures = signing.secrets.map((secret) => `v1=${signatureOf(secret, signing.body)}`);
  return { [signatureHeader]: signatures.join(","), [idHeader]: signing.deliveryId };
}

/**
 * Verifies a PagerDuty V3 request: HMAC-SHA256 over the raw body, in lower-case hex. There is no
 * timestamp to judge, so a replay is stopped by deduplication alone.
 */
export function verifyPagerDuty(
  request: WebhookRequest,
  settings: ConnectorSettings,
): Verification {
  const identified = deliveryIdOf(request, idHeader);
  if (!identified.ok) return identified;
  const refused = signatureRefusal(request, settings, {
    header: signatureHeader,
    separator: /,/,
    prefix: "v1=",
    sign: (secret) => signatureOf(secret, request.body),
  });
  return refused ?? identified;
}

function signatureOf(secret: string, body: Uint8Array): string {
  return hmacSha256(secret, [body], "hex");
}
