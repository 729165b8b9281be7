import type { Execution } from "@opendxa/pubsub-protocol";
import type { RequestOptions } from "../connection/connection.js";
import type { AwaitFeedbackOptions, FeedbackOutcome } from "./await-feedback.js";
import type {
  ExecutionInput,
  Executions,
  FeedbackSubmission,
  RegisteredExecution,
  SubmittedFeedback,
} from "./executions.js";

/** What a client can do about executions and their feedback. */
export abstract class FeedbackCalls {
  readonly #executions: Executions;

  protected constructor(executions: Executions) {
    this.#executions = executions;
  }

  /**
   * Registers an execution, so that feedback can find it; feedback that came before counts.
   *
   * @throws {@link PubSubError} EXECUTION_EXISTS, CORRELATION_KEY_INVALID, DEADLINE_OUT_OF_RANGE
   */
  async registerExecution(
    execution: ExecutionInput,
    options: RequestOptions = {},
  ): Promise<RegisteredExecution> {
    return await this.#executions.register(execution, options);
  }

  /** One execution. @throws {@link PubSubError} EXECUTION_NOT_FOUND */
  async getExecution(executionId: string, options: RequestOptions = {}): Promise<Execution> {
    return await this.#executions.get(executionId, options);
  }

  /**
   * Submits feedback that no connector brings; it is matched by its keys exactly as a webhook's.
   *
   * @throws {@link PubSubError} CORRELATION_KEY_INVALID, BAD_REQUEST, LIMIT_EXCEEDED
   */
  async submitFeedback(
    submission: FeedbackSubmission,
    options: RequestOptions = {},
  ): Promise<SubmittedFeedback> {
    return await this.#executions.submit(submission, options);
  }

  /**
   * Waits durably for feedback on an execution: across restarts of the broker, and with a `waitId`
   * of one's own across restarts of the caller.
   *
   * @throws {@link PubSubError} WAIT_EXISTS, DEADLINE_OUT_OF_RANGE, BAD_REQUEST, CLIENT_CLOSED
   */
  async awaitFeedback(
    executionId: string,
    options: AwaitFeedbackOptions = {},
  ): Promise<FeedbackOutcome> {
    return await this.#executions.await(executionId, options);
  }
}
