import type { CursorException } from "@opendxa/pubsub-protocol";

/** The settled runs of an exception without their neighbours' attempts; nothing when there are none. */
export function settledOnly(exception: CursorException): CursorException | undefined {
  const runs = exception.runs.filter(({ settled }) => settled);
  return runs.length === 0 ? undefined : { runs };
}
