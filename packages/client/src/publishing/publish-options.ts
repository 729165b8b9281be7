import { Priority } from "@opendxa/pubsub-protocol";
import { oneOf, unixMs } from "../arguments.js";

const PRIORITIES = [Priority.HIGH, Priority.NORMAL, Priority.LOW];

/** What can be said about one publish. */
export interface PublishOptions {
  /** Lane that the event is delivered in. Default NORMAL. */
  readonly priority?: Priority | undefined;
  /** When it becomes deliverable, milliseconds since the Unix epoch. Default: at once. */
  readonly deliverTimeUnixMs?: bigint | undefined;
  /** Gives up waiting when aborted; the event may be stored all the same. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options that a batch can hold: anything else would break the stream for every other publish.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule`
 */
export function checkedOptions({
  priority = Priority.NORMAL,
  deliverTimeUnixMs,
  signal,
}: PublishOptions): PublishOptions & { readonly priority: Priority } {
  oneOf("priority", priority, PRIORITIES);
  if (deliverTimeUnixMs !== undefined) unixMs("deliverTimeUnixMs", deliverTimeUnixMs);
  return { priority, deliverTimeUnixMs, signal };
}
