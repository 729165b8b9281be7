import { PubSubError } from "@opendxa/pubsub-protocol";

/**
 * Parses a payload.
 *
 * @throws {@link PubSubError} EVENT_INVALID when it is not JSON in UTF-8
 */
export function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch (cause) {
    throw PubSubError.of("EVENT_INVALID", "the data is not JSON", {
      metadata: { field: "data", rule: "JSON in UTF-8" },
      cause,
    });
  }
}
