import type { TimerState } from "@opendxa/pubsub-protocol";
import { hex32, hex64 } from "../state/key-text.js";
import type { StateKey } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** Where the payload of a scheduled batch lies. */
export interface PayloadPosition {
  /** Sequence of its entry. */
  readonly payloadSequence: bigint;
  /** Index of its event 0 within the entry. */
  readonly payloadFirstIndex: number;
}

const timerKey = /^t\/[0-9a-f]{16}\/s\/([0-9a-f]{16})\.([0-9a-f]{8})$/;

/** The timer that releases a scheduled batch. */
export function scheduledTimer(dueMs: number, at: PayloadPosition): StateKey<TimerState> {
  const id = `${hex64(at.payloadSequence)}.${hex32(at.payloadFirstIndex)}`;
  return stateKeys.timer(dueMs, "s", id);
}

/** Reads the state key of such a timer. Throws when it is none: a fault of the program. */
export function parseScheduledTimer(name: string): PayloadPosition {
  const [, sequence, firstIndex] = timerKey.exec(name) ?? [];
  if (sequence === undefined || firstIndex === undefined) {
    throw new Error(`not the timer of a scheduled batch: ${name}`);
  }
  return {
    payloadSequence: BigInt(`0x${sequence}`),
    payloadFirstIndex: Number.parseInt(firstIndex, 16),
  };
}
