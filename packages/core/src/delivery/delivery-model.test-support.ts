import {
  CursorException_Run,
  type SettlementException,
  type Verdict,
} from "@opendxa/pubsub-protocol";
import { expect } from "vitest";
import type { BatchRef } from "./batch-ref.js";
import type { DurableState } from "./durable-cursor.js";
import type { Grant } from "./granter.js";

/** One event in the model: no runs, no batches, no coalescing. */
export interface ModelEvent {
  readonly sequence: bigint;
  readonly index: number;
  /** Acked or expired. */
  isSettled: boolean;
  isExpired: boolean;
  attempts: number;
  dueMs: number;
  reason: string;
  lease: { token: bigint; consumerId: bigint; endMs: number } | undefined;
}

export function isOf(ref: BatchRef, { sequence, index }: ModelEvent): boolean {
  const isInside = index >= ref.firstIndex && index < ref.firstIndex + ref.count;
  return sequence === ref.sequence && isInside;
}

export function isSelected({ selected, ref }: Grant, index: number): boolean {
  const bit = index - ref.firstIndex;
  return selected.length === 0 || ((selected[bit >> 3] ?? 0) >> (bit & 7)) % 2 === 1;
}

export function copyOf(events: readonly ModelEvent[]): ModelEvent[] {
  return events.map((event) => ({ ...event, lease: undefined }));
}

export function runAt(state: DurableState, event: ModelEvent): CursorException_Run | undefined {
  const runs = state.exceptions.get(event.sequence)?.runs ?? [];
  return runs.find(({ first, last }) => first <= event.index && event.index <= last);
}

export function isPassed({ cursor }: DurableState, { sequence, index }: ModelEvent): boolean {
  return sequence < cursor.sequence || (sequence === cursor.sequence && index < cursor.index);
}

export function expectJournalled(state: DurableState, event: ModelEvent): void {
  // Its batch is not there any more: nothing that is journalled of it matters.
  if (event.isExpired) return;
  if (isPassed(state, event)) {
    expect(event.isSettled, "the cursor never passes an unsettled event").toBe(true);
    return;
  }
  const run = runAt(state, event);
  expect(run?.settled ?? false).toBe(event.isSettled);
  if (event.isSettled) return;
  const { attempts, dueTimeUnixMs, reason } = run ?? CursorException_Run.create();
  expect([attempts, Number(dueTimeUnixMs), reason]).toEqual([
    event.attempts,
    event.dueMs,
    event.reason,
  ]);
}

export function eachVerdict({ events, verdict }: SettlementException): [string, Verdict][] {
  return (events?.ranges ?? []).flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i): [string, Verdict] => [
      `${events?.sequence}/${first + i}`,
      verdict,
    ]),
  );
}

export function isExcluded(ref: BatchRef, bit: number): boolean {
  return ((ref.excluded[bit >> 3] ?? 0) >> (bit & 7)) % 2 === 1;
}

export function modelEvents(ref: BatchRef): ModelEvent[] {
  const made: ModelEvent[] = [];
  for (let bit = 0; bit < ref.count; bit += 1) {
    if (isExcluded(ref, bit)) continue;
    const { sequence, firstIndex } = ref;
    const fate = {
      isSettled: false,
      isExpired: false,
      attempts: 0,
      dueMs: 0,
      reason: "",
      lease: undefined,
    };
    made.push({ sequence, index: firstIndex + bit, ...fate });
  }
  return made;
}
