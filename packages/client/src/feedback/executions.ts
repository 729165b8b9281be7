import { randomUUID } from "node:crypto";
import type { Execution, FeedbackMatch } from "@opendxa/pubsub-protocol";
import { present, repeatable } from "../admin.js";
import { dateMs, list } from "../arguments.js";
import type { Connection, RequestOptions } from "../connection/connection.js";
import {
  type AwaitFeedbackOptions,
  awaitFeedback,
  type FeedbackOutcome,
} from "./await-feedback.js";
import type { FeedbackInput } from "./feedback-event.js";
import { type FeedbackPolicyInput, policyFields } from "./feedback-policy.js";

/** One run of a function, to be found by its feedback. */
export interface ExecutionInput {
  /** Id, 1 to 128 bytes, unique in the namespace. */
  readonly executionId: string;
  /** Name of the function, 1 to 200 bytes. */
  readonly functionName: string;
  /** Version of the function. */
  readonly version?: string | undefined;
  /** Correlation id of its events. Default: the execution id. */
  readonly correlationId?: string | undefined;
  /** Keys `<system>:<kind>:<rest>` by which feedback finds it, at most 16. */
  readonly correlationKeys?: readonly string[] | undefined;
  /** Until when feedback is awaited, at most 30 days ahead. Default: 30 days. */
  readonly deadline?: Date | undefined;
  /** When it has all its feedback: `all`, or a number of its keys. Default `first`. */
  readonly policy?: FeedbackPolicyInput | undefined;
}

/** What registering an execution led to. */
export interface RegisteredExecution {
  /** The execution as stored. */
  readonly execution: Execution;
  /** It was registered before, with the same fields. */
  readonly existed: boolean;
  /** Pieces of feedback that had come before and were matched now. */
  readonly matchedPending: number;
}

/** Feedback that no connector brings. */
export interface FeedbackSubmission {
  /** Keys to match by, 1 to 16, strongest first. */
  readonly correlationKeys: readonly string[];
  /** The feedback; execution and function are filled in by the match. */
  readonly feedback: Partial<FeedbackInput>;
  /** Identifies it together with `source`: a repetition changes nothing. Default: random. */
  readonly id?: string | undefined;
  /** Who it is from. Default: the client's source. */
  readonly source?: string | undefined;
  /** Typed event that it was mapped from, such as `feedback.human_validation`. */
  readonly originalType?: string | undefined;
}

/** What became of submitted feedback. */
export interface SubmittedFeedback {
  /** Executions that it was matched to. */
  readonly matches: readonly FeedbackMatch[];
  /** It matched nothing and waits. */
  readonly pending: boolean;
  /** It had been submitted before. */
  readonly duplicate: boolean;
}

/** Executions and their feedback. */
export class Executions {
  readonly #connection: Connection;
  readonly #source: string | undefined;

  /** Works over a connection. */
  constructor(connection: Connection, source: string | undefined) {
    this.#connection = connection;
    this.#source = source;
  }

  /**
   * Registers an execution; safe to repeat.
   *
   * @throws {@link PubSubError} EXECUTION_EXISTS, CORRELATION_KEY_INVALID, DEADLINE_OUT_OF_RANGE
   */
  async register(input: ExecutionInput, options: RequestOptions): Promise<RegisteredExecution> {
    const { namespace } = this.#connection;
    const request = { namespace, execution: executionOf(input) };
    const answer = await this.#connection.unary(
      "feedback",
      "registerExecution",
      request,
      repeatable(options),
    );
    const { existed, matchedPending } = answer;
    return { execution: present(answer.execution), existed, matchedPending };
  }

  /** One execution. @throws {@link PubSubError} EXECUTION_NOT_FOUND */
  async get(executionId: string, options: RequestOptions): Promise<Execution> {
    const { namespace } = this.#connection;
    const answer = await this.#connection.unary(
      "feedback",
      "getExecution",
      { namespace, executionId },
      repeatable(options),
    );
    return present(answer.execution);
  }

  /** Submits feedback; its id makes that safe to repeat. */
  async submit(
    submission: FeedbackSubmission,
    options: RequestOptions,
  ): Promise<SubmittedFeedback> {
    const { namespace } = this.#connection;
    const request = {
      namespace,
      correlationKeys: list("correlationKeys", submission.correlationKeys),
      feedback: submission.feedback,
      id: submission.id ?? randomUUID(),
      source: submission.source ?? this.#source ?? "",
      originalType: submission.originalType ?? "",
    };
    return await this.#connection.unary("feedback", "submitFeedback", request, repeatable(options));
  }

  /** Waits for feedback. */
  async await(executionId: string, options: AwaitFeedbackOptions): Promise<FeedbackOutcome> {
    return await awaitFeedback(this.#connection, executionId, options);
  }
}

function executionOf(input: ExecutionInput) {
  const { policy = "first", deadline } = input;
  return {
    executionId: input.executionId,
    functionName: input.functionName,
    version: input.version ?? "",
    correlationId: input.correlationId ?? "",
    correlationKeys: list("correlationKeys", input.correlationKeys ?? []),
    deadlineUnixMs: deadline === undefined ? 0 : dateMs("deadline", deadline),
    ...policyFields(policy),
  };
}
