import { badRequest, type StartPosition } from "@opendxa/pubsub-protocol";

/** Sequences begin with 1. */
const firstSequence = 1n;

/** Where in the journal a position is looked for. */
export interface StartContext {
  /** Sequence of the next entry. */
  readonly nextSequence: bigint;
  /** First sequence whose entry is not older than the time of the position; only with a time. */
  readonly timeSequence: bigint | undefined;
  /** Name of the position in the request, for errors. */
  readonly field: string;
}

/**
 * The sequence that a position stands for. Throws BAD_REQUEST for a sequence behind the journal's
 * end and for `earliest` or `latest` that is false, and RangeError when the time was not looked up.
 */
export function startSequence(
  start: StartPosition | undefined,
  { nextSequence, timeSequence, field }: StartContext,
): bigint {
  const position = start?.position;
  if (position?.value === false) throw badRequest(`${field}.${position.$case}`, "must be true");
  switch (position?.$case) {
    case "earliest":
      return firstSequence;
    case "sequence": {
      if (position.value <= nextSequence) {
        return position.value > firstSequence ? position.value : firstSequence;
      }
      const rule = `must be at most ${nextSequence}, the next sequence`;
      throw badRequest(`${field}.sequence`, rule);
    }
    case "timeUnixMs": {
      if (timeSequence === undefined) throw new RangeError("the time's sequence was not looked up");
      return timeSequence > nextSequence ? nextSequence : timeSequence;
    }
    default:
      return nextSequence;
  }
}
