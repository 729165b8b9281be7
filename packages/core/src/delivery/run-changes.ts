import { RemovalCause, type RetryCause } from "@opendxa/pubsub-protocol";
import type { DeliveryParts } from "./delivery-parts.js";
import { attemptsCountMax } from "./limits.js";
import type { Run } from "./run.js";

type Parts = Pick<DeliveryParts, "keys" | "leases" | "settings">;

/** An attempt that failed. */
export interface Failure {
  /** Now, milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** When the events come again, milliseconds since the Unix epoch. */
  readonly dueMs: number;
  /** Why. */
  readonly cause: RetryCause;
  /** The consumer's reason. */
  readonly reason: string;
  /** The consumer that nacked it in its stream. */
  readonly by?: bigint | undefined;
  /** Takes the runs that are given back with it, and the tokens of their leases. */
  readonly givenBack?: Map<Run, bigint>;
}

/** Ends whatever a run waits for; nothing is recorded. */
export function settleRun({ leases, keys }: Parts, run: Run): void {
  leases.release(run);
  run.state = "settled";
  if (run.key !== undefined) keys?.remove(run);
}

/** Settles events for good. */
export function ackRun(parts: Parts, run: Run): void {
  run.slot.lane.pending.ack(run);
  settleRun(parts, run);
}

/** Settles events without an ack. */
export function removeRun(parts: Parts, run: Run, cause: RemovalCause): void {
  run.slot.lane.pending.remove(run, cause);
  settleRun(parts, run);
}

/** The first event of a run, cut off; excluded ones before it go with it. */
function firstEventOf(run: Run): Run {
  const { slot } = run;
  return slot.lane.book.cut(run, run.first, slot.indexOfEvent(run, 1));
}

/** Events behind a failed one of their key come again in order and lose no attempt. */
function holdBehind({ leases }: Parts, failed: Run, { nowMs, givenBack }: Failure): void {
  for (let run = failed.after; run?.state === "leased"; run = run.after) {
    givenBack?.set(run, run.lease?.token ?? 0n);
    leases.release(run);
    run.state = "held";
    run.atMs = nowMs;
    run.slot.lane.book.enter(run);
  }
}

function isLastAttempt({ settings }: Parts, run: Run): boolean {
  const { attemptsMax } = settings;
  return attemptsMax > 0 && run.attempts + 1 >= attemptsMax && !run.slot.ref.isDeadLetter;
}

function retry(parts: Parts, run: Run, { dueMs, cause, reason }: Failure): void {
  const attempts = Math.min(attemptsCountMax, run.attempts + 1);
  run.slot.lane.pending.retry(run, attempts, { dueMs, cause, reason });
  parts.leases.release(run);
  run.state = "waiting";
  run.attempts = attempts;
  run.atMs = dueMs;
  run.failedIn = run.slot.lane.book.change;
}

function doom(parts: Parts, run: Run): void {
  parts.leases.release(run);
  run.state = "doomed";
}

/**
 * Ends an attempt. The events come again, or expire when their time is over, or are to become dead
 * letters after the last attempt. Of events of one key only the first one fails.
 */
export function failRun(parts: Parts, given: Run, failure: Failure): void {
  const run = given.key === undefined ? given : firstEventOf(given);
  const { key, slot } = run;
  if (key !== undefined) {
    holdBehind(parts, run, failure);
    key.free = run;
    parts.keys?.failed(key, slot.lane.book.change, failure.by);
  }
  if (run.expireMs <= failure.nowMs) {
    removeRun(parts, run, RemovalCause.EXPIRED);
    slot.mergeSettled(run.first, run.last);
    return;
  }
  if (isLastAttempt(parts, run)) doom(parts, run);
  else retry(parts, run, failure);
  run.cause = failure.cause;
  run.reason = failure.reason;
  slot.lane.book.enter(run);
  if (key !== undefined) parts.keys?.arrange(key);
}
