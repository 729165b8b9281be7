import type { SubscriptionNotice } from "./subscription-notice.js";

/** Those who want to know why a subscription stands still. */
export class NoticeListeners {
  readonly #listeners = new Set<(notice: SubscriptionNotice) => void>();

  /** Adds one; the answer takes it away. */
  add(listener: (notice: SubscriptionNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells all, or the process where there is nobody: a stall must be impossible to miss. */
  tell(notice: SubscriptionNotice): void {
    for (const listener of this.#listeners) listener(notice);
    if (this.#listeners.size > 0) return;
    process.emitWarning(`subscription ${notice.subscription}: ${notice.message}`, "PubSubNotice");
  }
}
