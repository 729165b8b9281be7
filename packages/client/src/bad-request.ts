import { PubSubError } from "@opendxa/pubsub-protocol";

/** BAD_REQUEST: an option or an argument breaks a rule. */
export function badRequest(field: string, rule: string): PubSubError {
  return PubSubError.of("BAD_REQUEST", `${field}: ${rule}`, { metadata: { field, rule } });
}
