import { type Execution, PubSubError, type WaitState } from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** An execution as it stands; its key must be loaded. Throws EXECUTION_NOT_FOUND. */
export function executionOf(loaded: Loaded, executionId: string): Execution {
  const execution = loaded.get(stateKeys.execution(executionId))?.execution;
  if (execution !== undefined) return execution;
  throw PubSubError.of("EXECUTION_NOT_FOUND", `execution ${executionId} is not registered`, {
    metadata: { execution_id: executionId },
  });
}

/** A wait with the positions of its feedback; its key must be loaded. Throws WAIT_NOT_FOUND. */
export function waitOf(loaded: Loaded, waitId: string): WaitState {
  const wait = loaded.get(stateKeys.wait(waitId));
  if (wait?.wait !== undefined) return wait;
  throw PubSubError.of("WAIT_NOT_FOUND", `wait ${waitId} does not exist`, {
    metadata: { wait_id: waitId },
  });
}
