import type { CursorException_Run } from "@opendxa/pubsub-protocol";
import { exceptionReasonsBytesMax } from "./limits.js";
import { utf8Bytes } from "./settlement-rules.js";

/** A run of a cursor's exception. */
export type ExceptionRun = Readonly<CursorException_Run>;

/** The run of settled events in its one form. */
export function settledRun(first: number, last: number): ExceptionRun {
  return { first, last, settled: true, attempts: 0, dueTimeUnixMs: 0n, reason: "" };
}

function isSameFate(a: ExceptionRun, b: ExceptionRun): boolean {
  return (
    a.settled === b.settled &&
    a.attempts === b.attempts &&
    a.dueTimeUnixMs === b.dueTimeUnixMs &&
    a.reason === b.reason
  );
}

/** Place of the first run that ends at or behind `index`. */
function placeOf(runs: readonly ExceptionRun[], index: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle] as ExceptionRun).last < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Lays a run over others in place; neighbours of the same fate become one. */
export function overlay(runs: ExceptionRun[], run: ExceptionRun): void {
  const from = placeOf(runs, run.first - 1);
  let to = from;
  let { first, last } = run;
  const before: ExceptionRun[] = [];
  const behind: ExceptionRun[] = [];
  for (let old = runs[to]; old !== undefined && old.first <= run.last + 1; old = runs[to]) {
    to += 1;
    if (isSameFate(old, run)) {
      first = Math.min(first, old.first);
      last = Math.max(last, old.last);
      continue;
    }
    if (old.first < run.first) before.push({ ...old, last: Math.min(old.last, run.first - 1) });
    if (old.last > run.last) behind.push({ ...old, first: Math.max(old.first, run.last + 1) });
  }
  runs.splice(from, to - from, ...before, { ...run, first, last }, ...behind);
}

/** The runs at or behind an index. */
export function runsFrom(runs: readonly ExceptionRun[], index: number): ExceptionRun[] {
  const place = placeOf(runs, index);
  const kept = runs.slice(place);
  const head = kept[0];
  if (head !== undefined && head.first < index) kept[0] = { ...head, first: index };
  return kept;
}

/**
 * The runs with as many of their reasons, from the first on, as one value of the state may hold; what is
 * left out is only shown.
 */
export function withBoundedReasons(runs: ExceptionRun[]): ExceptionRun[] {
  let bytes = 0;
  for (const { reason } of runs) bytes += utf8Bytes(reason);
  if (bytes <= exceptionReasonsBytesMax) return runs;
  let kept = 0;
  return runs.map((run) => {
    kept += utf8Bytes(run.reason);
    return kept <= exceptionReasonsBytesMax ? run : { ...run, reason: "" };
  });
}
