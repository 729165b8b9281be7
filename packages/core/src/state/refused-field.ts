import { PubSubError } from "@opendxa/pubsub-protocol";

/** BAD_REQUEST: a field of a request, by its path in the contract, breaks a rule. */
export function refusedField(field: string, rule: string): PubSubError {
  return PubSubError.of("BAD_REQUEST", `${field} ${rule}`, { metadata: { field, rule } });
}
