import type { BatchTraits } from "@opendxa/pubsub-core";
import { type RecordBatch, readBatch } from "@opendxa/pubsub-protocol";

/**
 * What the heads of a stored batch say of its events.
 *
 * @param firstIndex index within its entry at which its event 0 is listed
 */
export function traitsOf(batch: RecordBatch, firstIndex: number): BatchTraits {
  const heads = readBatch(batch, { verifyChecksums: false });
  return {
    keyOf: (index) => heads.orderingKey(index - firstIndex),
    expireMsOf: (index) => {
      const expireMs = heads.expireTimeUnixMs(index - firstIndex);
      return expireMs === undefined ? undefined : Number(expireMs);
    },
  };
}
