import { randomUUID } from "node:crypto";
import {
  type AwaitFeedbackResponse,
  PubSubError,
  type Wait,
  WaitOutcome,
} from "@opendxa/pubsub-protocol";
import { dateMs } from "../arguments.js";
import { Backoff } from "../connection/backoff.js";
import type { Connection } from "../connection/connection.js";
import { transportError } from "../connection/transport-error.js";
import { AnsweredEvent } from "../reading/answered-event.js";
import { type FeedbackPolicyInput, policyFields } from "./feedback-policy.js";

/** How to wait for feedback. */
export interface AwaitFeedbackOptions {
  /** Names the wait, so that another process can go on with it. Default: a random one. */
  readonly waitId?: string | undefined;
  /** Until when, at most 30 days ahead. Default: 30 days. */
  readonly deadline?: Date | undefined;
  /** `all`, or a number of its correlation keys. Default `first`. */
  readonly policy?: FeedbackPolicyInput | undefined;
  /** Stops waiting here when aborted; the wait itself stays, and can be gone on with by its id. */
  readonly signal?: AbortSignal | undefined;
}

/** How a wait ended. */
export interface FeedbackOutcome {
  /** With feedback, by its deadline, or by being cancelled. */
  readonly outcome: "feedback" | "expired" | "cancelled";
  /** Id of the wait. */
  readonly waitId: string;
  /** The feedback that resolved it, as stored; read it with `feedback()`. */
  readonly feedback: readonly AnsweredEvent[];
}

/**
 * Waits for feedback on an execution, across restarts of the broker and lost connections.
 *
 * @throws {@link PubSubError} WAIT_EXISTS, DEADLINE_OUT_OF_RANGE, BAD_REQUEST, CLIENT_CLOSED
 */
export async function awaitFeedback(
  connection: Connection,
  executionId: string,
  options: AwaitFeedbackOptions,
): Promise<FeedbackOutcome> {
  const request = requestOf(connection.namespace, executionId, options);
  const backoff = new Backoff();
  for (;;) {
    try {
      connection.throwIfAborted(options.signal);
      const call = connection.serverStream("feedback", "awaitFeedback", request, options.signal);
      for await (const response of call as AsyncIterable<AwaitFeedbackResponse>) {
        backoff.reset();
        const { wait, feedback } = response;
        if (wait === undefined || wait.outcome === WaitOutcome.UNSPECIFIED) continue;
        call.cancel();
        return {
          outcome: outcomeOf(wait),
          waitId: wait.waitId,
          feedback: feedback.map((event) => new AnsweredEvent(event)),
        };
      }
      throw PubSubError.of("CONNECTION_LOST", "the broker ended the stream without an outcome");
    } catch (caught) {
      connection.throwIfAborted(options.signal);
      const error = transportError(caught);
      if (!error.retryable) throw error;
      await connection.pause(Math.max(backoff.next(), error.retryAfterMs ?? 0), options.signal);
    }
  }
}

function requestOf(namespace: string, executionId: string, options: AwaitFeedbackOptions) {
  const { policy = "first", deadline } = options;
  return {
    namespace,
    executionId,
    waitId: options.waitId ?? randomUUID(),
    deadlineUnixMs: deadline === undefined ? 0 : dateMs("deadline", deadline),
    ...policyFields(policy),
  };
}

function outcomeOf({ outcome }: Wait): FeedbackOutcome["outcome"] {
  if (outcome === WaitOutcome.FEEDBACK) return "feedback";
  return outcome === WaitOutcome.EXPIRED ? "expired" : "cancelled";
}
