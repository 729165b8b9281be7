import type { PausedReason, SubscriptionDelivery } from "@opendxa/pubsub-core";
import { type Notice, NoticeReason } from "@opendxa/pubsub-protocol";
import type { ConsumerSink } from "./engine-api.js";

/** What consumers are told of a standstill: once when it begins, and who joins in its course. */
export class DispatchNotice {
  #current: Notice | undefined;

  /** What holds now. Absent: nothing stands still. */
  get current(): Notice | undefined {
    return this.#current;
  }

  /** Follows what holds, and tells it where it is news. */
  tell(delivery: SubscriptionDelivery, sinks: Iterable<ConsumerSink>): void {
    const before = this.#current;
    this.#current = noticeOf(delivery.pausedReason(), delivery.operator.pauseReason);
    const news = this.#current;
    if (news === undefined) return;
    if (news.reason === before?.reason && news.message === before.message) return;
    for (const sink of sinks) sink.notice(news);
  }
}

/** Why nothing new is dispatched, as consumers are told; an operator's pause comes first. */
function noticeOf(
  reason: PausedReason | undefined,
  pauseReason: string | undefined,
): Notice | undefined {
  switch (reason) {
    case undefined:
      return undefined;
    case "PAUSED": {
      const why = pauseReason ? `: ${pauseReason}` : "";
      return { reason: NoticeReason.PAUSED, message: `an operator paused the subscription${why}` };
    }
    case "TOO_MANY_BLOCKED_KEYS":
      return {
        reason: NoticeReason.TOO_MANY_BLOCKED_KEYS,
        message: "too many ordering keys wait for an event that failed; retries go on",
      };
    case "TOO_MANY_EXCEPTIONS":
      return {
        reason: NoticeReason.TOO_MANY_EXCEPTIONS,
        message: "too many settled events lie above unsettled ones; settle the oldest ones first",
      };
  }
}
