import { correlationIdKey, type Execution, executionKey } from "@opendxa/pubsub-protocol";

/** Keys that an execution must get: that of its id, and those that its caller named. */
export function claimedKeys(execution: Execution): readonly string[] {
  return [...new Set([executionKey(execution.executionId), ...execution.correlationKeys])];
}

/**
 * All keys by which feedback finds an execution, its own first. That of its correlation id is among
 * them unless the id is the execution's own, which saves most executions a key; it goes without it
 * when the key is full, because an id that is for tracing must not keep it from being registered.
 */
export function ownedKeys(execution: Execution): readonly string[] {
  const { executionId, correlationId } = execution;
  const claimed = claimedKeys(execution);
  if (correlationId === "" || correlationId === executionId) return claimed;
  const shared = correlationIdKey(correlationId);
  return claimed.includes(shared) ? claimed : [...claimed, shared];
}
