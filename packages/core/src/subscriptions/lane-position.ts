import type { CursorException } from "@opendxa/pubsub-protocol";

/** Orders two positions. */
export function comparePositions(
  a: { readonly sequence: bigint; readonly index: number },
  b: { readonly sequence: bigint; readonly index: number },
): number {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1;
  return a.index - b.index;
}

/** The settled runs of an exception without their neighbours' attempts; nothing when there are none. */
export function settledOnly(exception: CursorException): CursorException | undefined {
  const runs = exception.runs.filter(({ settled }) => settled);
  return runs.length === 0 ? undefined : { runs };
}
