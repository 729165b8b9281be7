import { textOfSegment } from "../state/key-text.js";
import type { TimerKind } from "../state/state-keys.js";

/** A timer as its state key names it. */
export interface DueTimer {
  /** When it is due, milliseconds since the Unix epoch. */
  readonly dueMs: number;
  /** `w` wait, `x` execution, `p` pending feedback, `r` received feedback, `e` subscription. */
  readonly kind: TimerKind;
  /** Wait id, execution id, feedback key or subscription. */
  readonly id: string;
}

/** Prefix of all timers' state keys; they sort by due time. */
export const timerKeyPrefix = "t/";

const timerKey = /^t\/([0-9a-f]{16})\/([wxpre])\/(.*)$/;

/** Reads the state key of a timer. Throws when it is none: a fault of the program. */
export function parseTimerKey(name: string): DueTimer {
  const [, due, kind, id] = timerKey.exec(name) ?? [];
  if (due === undefined || kind === undefined || id === undefined) {
    throw new Error(`not the key of a timer: ${name}`);
  }
  return { dueMs: Number.parseInt(due, 16), kind: kind as TimerKind, id: textOfSegment(id) };
}
