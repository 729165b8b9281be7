import { setTimeout as pause } from "node:timers/promises";
import { webhookAttemptsMax, webhookRetryMs } from "./limits.js";
import type { WebhookPost } from "./requests.js";

/** What the broker answered. */
export interface WebhookAnswer {
  /** HTTP status. */
  readonly status: number;
  /** The provider had delivered it before. */
  readonly duplicate: boolean;
  /** Executions that the feedback was matched to. */
  readonly matched: number;
  /** The feedback waits for its execution. */
  readonly pending: boolean;
}

/** Posts a webhook once; `undefined` when nobody answered. */
async function postOnce(address: string, post: WebhookPost): Promise<WebhookAnswer | undefined> {
  let response: Response;
  try {
    response = await fetch(`http://${address}${post.path}`, {
      method: "POST",
      headers: post.headers,
      body: post.body,
    });
  } catch {
    // The broker is down: the provider sees no more than that either.
    return undefined;
  }
  const answer = (await response.json()) as {
    duplicate?: boolean;
    matched?: unknown[];
    pending?: boolean;
  };
  return {
    status: response.status,
    duplicate: answer.duplicate ?? false,
    matched: answer.matched?.length ?? 0,
    pending: answer.pending ?? false,
  };
}

/** Posts a webhook as its provider does: again, unchanged, while nobody answers or the answer is 5xx. */
export async function postWebhook(address: string, post: WebhookPost): Promise<WebhookAnswer> {
  for (let attempt = 1; attempt <= webhookAttemptsMax; attempt++) {
    const answer = await postOnce(address, post);
    if (answer !== undefined && answer.status < 500) return answer;
    await pause(webhookRetryMs);
  }
  throw new Error(`no answer to ${post.path} after ${webhookAttemptsMax} attempts`);
}
