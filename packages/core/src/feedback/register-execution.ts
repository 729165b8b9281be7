import {
  EXECUTION_GRACE_MS,
  EXECUTION_ID_BYTES_MAX,
  Execution,
  ExecutionState,
  FeedbackPolicy,
  PubSubError,
  type RegisterExecutionResponse,
  TEXT_BYTES_MAX,
  validateFunctionName,
} from "@opendxa/pubsub-protocol";
import { appendReads } from "../publishing/stored-batch.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { matchTopics } from "./feedback-match.js";
import { executionsPerKeyMax } from "./limits.js";
import { claimedKeys, ownedKeys } from "./owned-keys.js";
import { pendingReads } from "./pending-matches.js";
import { registrationOf } from "./registration.js";
import {
  deadlineOf,
  limitReached,
  passes,
  requireKeys,
  requireServedPolicy,
  requireText,
} from "./validation.js";

/** What to register. */
export interface RegisterExecutionCommand {
  /** The execution as the caller gave it; fields set by the broker are ignored. */
  readonly execution: Execution;
}

/** What was registered. */
export interface RegisterExecutionReply extends RegisterExecutionResponse {
  /** The execution as it stands. */
  readonly execution: Execution;
  /** Waits that early feedback ended. */
  readonly waitsEnded: readonly string[];
}

/** Checks the id of an execution. Throws BAD_REQUEST or LIMIT_EXCEEDED. */
export function requireExecutionId(executionId: string): void {
  requireText("execution_id", executionId, { bytesMin: 1, bytesMax: EXECUTION_ID_BYTES_MAX });
}

function validate(execution: Execution): void {
  requireExecutionId(execution.executionId);
  validateFunctionName(execution.functionName);
  requireText("version", execution.version, { bytesMin: 0, bytesMax: TEXT_BYTES_MAX });
  requireText("correlation_id", execution.correlationId, { bytesMin: 0, bytesMax: TEXT_BYTES_MAX });
  requireKeys(execution.correlationKeys);
  requireServedPolicy(execution.policy);
}

function reads(command: RegisterExecutionCommand, loaded: Loaded): readonly AnyStateKey[] {
  const { execution } = command;
  if (!passes(() => validate(execution))) return noKeys;
  const { executionId } = execution;
  const own = [stateKeys.execution(executionId), stateKeys.awaitedExecution(executionId)];
  const first = missingKeys(loaded, own);
  if (first.length > 0) return first;
  const pending = pendingReads(execution, loaded);
  return pending.length > 0 ? pending : appendReads(matchTopics(execution), loaded);
}

function sameKeys(a: Execution, b: Execution): boolean {
  const [left, right] = [ownedKeys(a), ownedKeys(b)];
  return left.length === right.length && left.every((key) => right.includes(key));
}

function differingField(existing: Execution, again: Execution): string | undefined {
  const correlationId = again.correlationId === "" ? again.executionId : again.correlationId;
  if (existing.functionName !== again.functionName) return "function_name";
  if (existing.version !== again.version) return "version";
  if (existing.correlationId !== correlationId) return "correlation_id";
  if (!sameKeys(existing, again)) return "correlation_keys";
  const { deadlineUnixMs } = again;
  const isDefault = deadlineUnixMs === 0n;
  return isDefault || existing.deadlineUnixMs === deadlineUnixMs ? undefined : "deadline_unix_ms";
}

function answerExisting(existing: Execution, again: Execution): Decision<RegisterExecutionReply> {
  const field = differingField(existing, again);
  if (field === undefined) {
    const reply = { execution: existing, existed: true, matchedPending: 0, waitsEnded: [] };
    return { entries: [], reply };
  }
  const { executionId } = again;
  throw PubSubError.of("EXECUTION_EXISTS", `execution ${executionId} has another ${field}`, {
    metadata: { execution_id: executionId, field },
  });
}

function requireRoom(loaded: Loaded, execution: Execution): void {
  for (const key of claimedKeys(execution)) {
    const owners = loaded.get(stateKeys.correlationKey(key))?.executionIds.length ?? 0;
    if (owners >= executionsPerKeyMax) {
      throw limitReached(`executions of ${key}`, executionsPerKeyMax);
    }
  }
}

function decide(
  loaded: Loaded,
  { execution: given }: RegisterExecutionCommand,
  context: DecideContext,
): Decision<RegisterExecutionReply> {
  validate(given);
  const { executionId } = given;
  const existing = loaded.get(stateKeys.execution(executionId))?.execution;
  if (existing !== undefined) return answerExisting(existing, given);
  const deadlineUnixMs = deadlineOf(given.deadlineUnixMs, context.nowMs);
  requireRoom(loaded, given);
  const execution = Execution.create({
    executionId,
    functionName: given.functionName,
    version: given.version,
    correlationId: given.correlationId === "" ? executionId : given.correlationId,
    correlationKeys: [...new Set(given.correlationKeys)],
    deadlineUnixMs,
    policy: FeedbackPolicy.FIRST,
    state: ExecutionState.OPEN,
    registerTimeUnixMs: BigInt(context.nowMs),
  });
  const facts = {
    execution,
    closeTimeUnixMs: deadlineUnixMs + BigInt(EXECUTION_GRACE_MS),
    openWaits: loaded.get(stateKeys.awaitedExecution(executionId))?.waits ?? [],
    rematchTimeUnixMs: undefined,
  };
  const { entries, matched, waitsEnded } = registrationOf(loaded, facts, context);
  const state = matched === 0 ? ExecutionState.OPEN : ExecutionState.SATISFIED;
  return {
    entries,
    reply: {
      execution: { ...execution, state, feedbackReceived: matched },
      existed: false,
      matchedPending: matched,
      waitsEnded,
    },
  };
}

/**
 * Registers an execution and matches the feedback that came before it, in one entry. Errors:
 * EXECUTION_EXISTS, CORRELATION_KEY_INVALID, DEADLINE_OUT_OF_RANGE, LIMIT_EXCEEDED, LIMIT_REACHED,
 * BAD_REQUEST, NOT_SERVED_YET.
 */
export const registerExecution: Operation<RegisterExecutionCommand, RegisterExecutionReply> = {
  name: "register-execution",
  reads,
  decide,
};
