import { PubSubError } from "./pubsub-error.js";

/** BAD_REQUEST: a field, by its path in the contract or in what a caller passed, breaks a rule. */
export function badRequest(field: string, rule: string): PubSubError {
  return PubSubError.of("BAD_REQUEST", `${field}: ${rule}`, {
    metadata: { field, rule },
    fieldViolations: [{ field, description: rule }],
  });
}
