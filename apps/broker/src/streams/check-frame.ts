import {
  badRequest,
  FRAME_BATCHES_MAX,
  FRAME_BYTES_MAX,
  NAME_BYTES_MAX,
  type PublishFrame,
} from "@opendxa/pubsub-protocol";
import { limitExceeded } from "../errors.js";

/**
 * Checks a frame's bounds before the engine sees it.
 *
 * @throws PubSubError LIMIT_EXCEEDED or BAD_REQUEST: the frame as a whole is broken
 */
export function checkFrame({ batches }: PublishFrame, bytes: number): void {
  if (bytes > FRAME_BYTES_MAX) throw limitExceeded("frame", FRAME_BYTES_MAX, bytes);
  if (batches.length > FRAME_BATCHES_MAX) {
    throw limitExceeded("batches", FRAME_BATCHES_MAX, batches.length);
  }
  if (batches.length === 0) throw badRequest("batches", "must hold at least one batch");
}

/** Checks a name that is only shown. @throws PubSubError LIMIT_EXCEEDED */
export function checkShownName(field: string, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_BYTES_MAX) throw limitExceeded(field, NAME_BYTES_MAX, bytes);
}

/** Bytes of a frame's variable parts: all that can make it large. */
export function frameBytes({ batches }: PublishFrame): number {
  return batches.reduce((sum, { heads, bodies }) => sum + heads.length + bodies.length, 0);
}
