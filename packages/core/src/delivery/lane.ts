import { Priority } from "@opendxa/pubsub-protocol";

/** A lane of a subscription: events of one priority, with a cursor of their own. */
export type Lane = typeof Priority.HIGH | typeof Priority.NORMAL | typeof Priority.LOW;

/** Lanes in the order of their urgency. */
export const lanes: readonly Lane[] = [Priority.HIGH, Priority.NORMAL, Priority.LOW];

/** The lane of a priority; one that is not known counts as NORMAL. */
export function laneOf(priority: Priority): Lane {
  return priority === Priority.HIGH || priority === Priority.LOW ? priority : Priority.NORMAL;
}

/** The lane as a digit of state keys: 0 is the most urgent. */
export function laneDigit(lane: Lane): string {
  return String(lanes.indexOf(lane));
}
