import { PubSubError } from "@opendxa/pubsub-protocol";

/** DATA_CORRUPT: the index names an entry that the journal no longer has. */
export function entryGone(sequence: bigint): PubSubError {
  return PubSubError.of("DATA_CORRUPT", `entry ${sequence} is gone`, { metadata: { sequence } });
}
