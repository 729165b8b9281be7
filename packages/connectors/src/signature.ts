import { createHmac, timingSafeEqual } from "node:crypto";
import type { RefusalReason, Refused, Verification, WebhookRequest } from "./connector.js";
import { deliveryIdCharsMax, signatureHeaderCharsMax, signaturesMax } from "./limits.js";
import type { ConnectorSettings } from "./settings.js";

/** HMAC-SHA256 over the parts, as lower-case hex or padded base64. */
export function hmacSha256(
  secret: string,
  parts: readonly (string | Uint8Array)[],
  encoding: "hex" | "base64",
): string {
  const hmac = createHmac("sha256", secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

/**
 * Whether any candidate equals any expected signature. Texts are compared, not decoded bytes, so
 * that another spelling of the same bytes fails; every pair is compared, so that the time taken
 * tells nothing.
 */
function anyEqual(candidates: readonly string[], expected: readonly string[]): boolean {
  let isEqual = false;
  for (const candidate of candidates) {
    const given = Buffer.from(candidate);
    for (const wanted of expected) {
      const known = Buffer.from(wanted);
      const hasSameLength = given.byteLength === known.byteLength;
      isEqual = (hasSameLength && timingSafeEqual(given, known)) || isEqual;
    }
  }
  return isEqual;
}

// Undefined where the header is beyond its bounds.
function versionOneSignatures(
  header: string,
  format: SignatureScheme,
): readonly string[] | undefined {
  if (header.length > signatureHeaderCharsMax) return undefined;
  const items = header.split(format.separator);
  if (items.length > signaturesMax) return undefined;
  return items
    .map((item) => item.trim())
    .filter((item) => item.startsWith(format.prefix))
    .map((item) => item.slice(format.prefix.length));
}

/** A header's value; an empty one counts as absent. */
export function headerOf(request: WebhookRequest, name: string): string | undefined {
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
  return value === "" ? undefined : value;
}

/** Builds a refusal. */
export function refusal(reason: RefusalReason, detail: string): Refused {
  return { ok: false, reason, detail };
}

/** How a system writes its signatures. */
export interface SignatureScheme {
  /** Lower-case name of the header. */
  readonly header: string;
  /** What separates several signatures. */
  readonly separator: RegExp;
  /** What begins a signature of version 1; others are ignored. */
  readonly prefix: string;
  /** The signature that a secret gives, as written in the header. */
  readonly sign: (secret: string) => string;
}

/** Why a request's signature does not hold under any of the secrets, or undefined where it does. */
export function signatureRefusal(
  request: WebhookRequest,
  settings: ConnectorSettings,
  scheme: SignatureScheme,
): Refused | undefined {
  // Anybody can sign with an empty secret.
  const secrets = settings.secrets.filter((secret) => secret !== "");
  if (settings.secrets.length === 0 && settings.allowUnsigned === true) return undefined;
  const header = headerOf(request, scheme.header);
  if (header === undefined) return refusal("signature_missing", `no ${scheme.header} header`);
  const candidates = versionOneSignatures(header, scheme);
  if (candidates === undefined) {
    return refusal("signature_mismatch", `${scheme.header} is beyond its bounds`);
  }
  if (anyEqual(candidates, secrets.map(scheme.sign))) return undefined;
  return refusal(
    "signature_mismatch",
    `none of ${candidates.length} v1 signatures fits one of ${secrets.length} secrets`,
  );
}

/** The delivery id that a header holds, or why it cannot be used. */
export function deliveryIdOf(request: WebhookRequest, header: string): Verification {
  const deliveryId = headerOf(request, header);
  if (deliveryId === undefined) return refusal("delivery_id_missing", `no ${header} header`);
  if (deliveryId.length > deliveryIdCharsMax || !/^[\x21-\x7e]+$/.test(deliveryId)) {
    const rule = `1 to ${deliveryIdCharsMax} visible ASCII characters`;
    return refusal("delivery_id_invalid", `${header} must be ${rule}, has ${deliveryId.length}`);
  }
  return { ok: true, deliveryId };
}
