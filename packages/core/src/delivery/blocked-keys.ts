import { RetryCause } from "@opendxa/pubsub-protocol";
import type { DeliveryParts } from "./delivery-parts.js";
import type { KeyQueue } from "./key-queue.js";
import { blockedKeysPageMax } from "./limits.js";

/** Names an ordering key: its scope is one topic-partition. */
export interface KeyName {
  /** The ordering key. */
  readonly key: string;
  /** Number of the topic. */
  readonly topicId: number;
  /** Partition. */
  readonly partition: number;
}

/** A key that stands still because of its first event. */
export interface BlockedKeyView extends KeyName {
  /** Sequence of its first unsettled event. */
  readonly sequence: bigint;
  /** Index of it. */
  readonly index: number;
  /** Failed attempts of it; a last one that dooms it counts. */
  readonly attempts: number;
  /** When it comes again, milliseconds since the Unix epoch. */
  readonly dueMs: number;
  /** Reason of its last nack. */
  readonly reason: string;
  /** Unsettled events behind it that were looked at. */
  readonly held: number;
}

/** Order of the texts' UTF-8 bytes, which is that of their code points. */
function compareByBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    if (a.charCodeAt(at) === b.charCodeAt(at)) continue;
    // Inside of a pair both begin alike, so that the code point differs here or did before.
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    const isLeftPair = left >= 0xd800 && left <= 0xdfff;
    const isRightPair = right >= 0xd800 && right <= 0xdfff;
    if (isLeftPair === isRightPair) return left - right;
    return isLeftPair ? 1 : -1;
  }
  return a.length - b.length;
}

function compareKeys(a: KeyName, b: KeyName): number {
  return compareByBytes(a.key, b.key) || a.topicId - b.topicId || a.partition - b.partition;
}

function nameOf({ key, scope }: KeyQueue): KeyName {
  return { key, topicId: scope.topicId, partition: scope.partition };
}

function viewOf(queue: KeyQueue): BlockedKeyView[] {
  const { head } = queue;
  if (head === undefined) return [];
  const { slot, attempts, atMs, reason, state } = head;
  return [
    {
      ...nameOf(queue),
      sequence: slot.ref.sequence,
      index: slot.indexOfEvent(head, 1),
      attempts: state === "doomed" ? attempts + 1 : attempts,
      dueMs: atMs,
      reason,
      held: queue.events - 1,
    },
  ];
}

/** Blocked keys behind a name, in the order of the keys' bytes; at most `blockedKeysPageMax`. */
export function blockedKeys(
  { keys }: Pick<DeliveryParts, "keys">,
  after: KeyName | undefined,
  limit: number,
): BlockedKeyView[] {
  const behind = [...(keys?.blocked ?? [])].filter(
    (queue) => after === undefined || compareKeys(after, nameOf(queue)) < 0,
  );
  behind.sort((a, b) => compareKeys(nameOf(a), nameOf(b)));
  return behind.slice(0, Math.min(limit, blockedKeysPageMax)).flatMap(viewOf);
}

/** Makes the first event of a blocked key due now; no attempt is counted. */
function release(queue: KeyQueue, nowMs: number): void {
  const { head } = queue;
  if (head?.state !== "waiting" || head.atMs <= nowMs) return;
  const { slot, attempts, reason } = head;
  const { book, pending } = slot.lane;
  pending.retry(head, attempts, { dueMs: nowMs, cause: RetryCause.UNSPECIFIED, reason });
  book.leave(head);
  head.atMs = nowMs;
  book.enter(head);
}

/** Releases a key where it is blocked, in one topic or in all; answers in how many places it was. */
export function releaseKey(
  { keys }: Pick<DeliveryParts, "keys">,
  { key, topicId }: { readonly key: string; readonly topicId: number | undefined },
  nowMs: number,
): number {
  const blocked = (keys?.queuesOf(key, topicId) ?? []).filter(({ isBlocked }) => isBlocked);
  for (const queue of blocked) release(queue, nowMs);
  return blocked.length;
}
