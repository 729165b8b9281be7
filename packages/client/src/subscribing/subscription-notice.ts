import { NoticeReason } from "@opendxa/pubsub-protocol";

/** Why nothing is dispatched, or why something that was delivered cannot be read. */
export interface SubscriptionNotice {
  /** Subscription that it is about. */
  readonly subscription: string;
  /** `unspecified` for those of later versions of the broker. */
  readonly reason:
    | "too_many_exceptions"
    | "too_many_blocked_keys"
    | "paused"
    | "unreadable_batch"
    | "unspecified";
  /** The same in words. */
  readonly message: string;
}

const noticeNames: ReadonlyMap<NoticeReason, SubscriptionNotice["reason"]> = new Map([
  [NoticeReason.TOO_MANY_EXCEPTIONS, "too_many_exceptions"],
  [NoticeReason.PAUSED, "paused"],
  [NoticeReason.TOO_MANY_BLOCKED_KEYS, "too_many_blocked_keys"],
]);

/** A reason of the contract by its name here. */
export function noticeName(reason: NoticeReason): SubscriptionNotice["reason"] {
  return noticeNames.get(reason) ?? "unspecified";
}
