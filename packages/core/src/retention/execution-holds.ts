import { correlationIdKey, executionKey } from "@opendxa/pubsub-protocol";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** Keys under which an execution owns the events of a correlation id. */
function ownerKeys(correlationId: string) {
  return [executionKey(correlationId), correlationIdKey(correlationId)].map((key) =>
    stateKeys.correlationKey(key),
  );
}

function owners(loaded: Loaded, correlationId: string): readonly string[] {
  return ownerKeys(correlationId).flatMap((key) => loaded.get(key)?.executionIds ?? []);
}

/** Keys that `heldUntilMs` needs for these correlation ids. */
export function holdReads(ids: ReadonlySet<string>, loaded: Loaded): readonly AnyStateKey[] {
  const keys = missingKeys(loaded, [...ids].flatMap(ownerKeys));
  if (keys.length > 0) return keys;
  const executions = [...ids].flatMap((id) => owners(loaded, id));
  return missingKeys(
    loaded,
    [...new Set(executions)].map((id) => stateKeys.execution(id)),
  );
}

/**
 * When the last execution closes to which events of these correlation ids belong, in milliseconds
 * since the Unix epoch; `undefined` when they belong to none. An execution owns its keys from its
 * registration until it closes, 7 days after its deadline (S-F1).
 */
export function heldUntilMs(loaded: Loaded, ids: ReadonlySet<string>): number | undefined {
  let until: number | undefined;
  for (const id of ids) {
    for (const owner of owners(loaded, id)) {
      const closeMs = Number(loaded.get(stateKeys.execution(owner))?.closeTimeUnixMs ?? 0n);
      until = Math.max(until ?? 0, closeMs);
    }
  }
  return until;
}
