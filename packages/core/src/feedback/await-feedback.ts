import {
  type AwaitFeedbackRequest,
  Entry,
  FeedbackPolicy,
  PubSubError,
  WAIT_ID_BYTES_MAX,
  Wait,
  WaitOutcome,
  type WaitState,
} from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { waitsPerExecutionMax } from "./limits.js";
import { requireExecutionId } from "./register-execution.js";
import {
  deadlineOf,
  limitReached,
  passes,
  requireServedPolicy,
  requireText,
} from "./validation.js";

/** What to wait for. */
export type AwaitFeedbackCommand = Pick<
  AwaitFeedbackRequest,
  "executionId" | "waitId" | "deadlineUnixMs" | "policy"
>;

/** The wait. */
export interface AwaitFeedbackReply {
  /** As it stands; ended when feedback had come before. */
  readonly wait: WaitState;
  /** The wait was stored before. */
  readonly existed: boolean;
}

/** Checks the id of a wait. Throws BAD_REQUEST or LIMIT_EXCEEDED. */
export function requireWaitId(waitId: string): void {
  requireText("wait_id", waitId, { bytesMin: 1, bytesMax: WAIT_ID_BYTES_MAX });
}

function validate(command: AwaitFeedbackCommand): void {
  requireExecutionId(command.executionId);
  requireWaitId(command.waitId);
  requireServedPolicy(command.policy);
}

function reads(command: AwaitFeedbackCommand, loaded: Loaded): readonly AnyStateKey[] {
  if (!passes(() => validate(command))) return noKeys;
  const { executionId, waitId } = command;
  return missingKeys(loaded, [
    stateKeys.wait(waitId),
    stateKeys.execution(executionId),
    stateKeys.awaitedExecution(executionId),
  ]);
}

function answerExisting(
  existing: WaitState,
  { waitId, executionId }: AwaitFeedbackCommand,
): Decision<AwaitFeedbackReply> {
  if (existing.wait?.executionId === executionId) {
    return { entries: [], reply: { wait: existing, existed: true } };
  }
  throw PubSubError.of("WAIT_EXISTS", `wait ${waitId} is for another execution`, {
    metadata: { wait_id: waitId, field: "execution_id" },
  });
}

function decide(
  loaded: Loaded,
  command: AwaitFeedbackCommand,
  { nowMs }: DecideContext,
): Decision<AwaitFeedbackReply> {
  validate(command);
  const { executionId, waitId } = command;
  const existing = loaded.get(stateKeys.wait(waitId));
  if (existing !== undefined) return answerExisting(existing, command);
  const record = loaded.get(stateKeys.execution(executionId));
  const open = record ?? loaded.get(stateKeys.awaitedExecution(executionId));
  const [arrived] = record?.feedback ?? [];
  if (arrived === undefined && (open?.waits.length ?? 0) >= waitsPerExecutionMax) {
    throw limitReached("open waits of the execution", waitsPerExecutionMax);
  }
  const wait: WaitState = {
    wait: Wait.create({
      waitId,
      executionId,
      deadlineUnixMs: deadlineOf(command.deadlineUnixMs, nowMs),
      policy: FeedbackPolicy.FIRST,
      outcome: arrived === undefined ? WaitOutcome.UNSPECIFIED : WaitOutcome.FEEDBACK,
      registerTimeUnixMs: BigInt(nowMs),
      endTimeUnixMs: arrived === undefined ? 0n : BigInt(nowMs),
    }),
    feedback: arrived === undefined ? [] : [arrived],
  };
  const entry = Entry.create({ kind: { $case: "waitRegistered", value: { wait } } });
  return { entries: [entry], reply: { wait, existed: false } };
}

/**
 * Stores a wait for feedback, or answers the stored one. The execution need not be registered;
 * feedback that came before resolves it in the same entry. Errors: WAIT_EXISTS,
 * DEADLINE_OUT_OF_RANGE, LIMIT_EXCEEDED, LIMIT_REACHED, BAD_REQUEST, NOT_SERVED_YET.
 */
export const awaitFeedback: Operation<AwaitFeedbackCommand, AwaitFeedbackReply> = {
  name: "await-feedback",
  reads,
  decide,
};
