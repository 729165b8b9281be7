import type { PausedReason } from "@opendxa/pubsub-core";
import { type Notice, NoticeReason } from "@opendxa/pubsub-protocol";

/** Why nothing is dispatched, as consumers are told; an operator's pause comes first. */
export function noticeOf(
  pauseReason: string | undefined,
  reason: PausedReason | undefined,
): Notice | undefined {
  if (pauseReason !== undefined) {
    const why = pauseReason === "" ? "" : `: ${pauseReason}`;
    return { reason: NoticeReason.PAUSED, message: `an operator paused the subscription${why}` };
  }
  if (reason === undefined) return undefined;
  return {
    reason: NoticeReason.TOO_MANY_EXCEPTIONS,
    message: "too many settled events lie above unsettled ones; settle the oldest ones first",
  };
}
