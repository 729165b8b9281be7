import {
  ACK_DEADLINE_MS_MAX,
  BATCH_EVENTS_MAX,
  badRequest,
  type IndexRange,
  type PositionRanges,
  PubSubError,
  REASON_BYTES_MAX,
  RETRY_DELAY_MS_MAX,
  SETTLEMENT_EVENTS_MAX,
  SETTLEMENT_ITEMS_MAX,
  type Settlement,
} from "@opendxa/pubsub-protocol";
import type { Lease } from "./lease.js";
import type { LeaseTable } from "./lease-table.js";

/** UTF-8 bytes of a text, without an encoder: core knows no platform. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Throws LIMIT_EXCEEDED naming field, limit and size. */
export function requireAtMost(field: string, limit: number, size: number): void {
  if (size <= limit) return;
  throw PubSubError.of("LIMIT_EXCEEDED", `${field} is ${size}, its limit is ${limit}`, {
    metadata: { field, limit, size },
  });
}

function itemsOf(named: readonly (PositionRanges | undefined)[]): number {
  return named.reduce((sum, item) => sum + Math.max(1, item?.ranges.length ?? 0), 0);
}

/** Events that a range names: where the lease is known, those of its batch that can be meant. */
function eventsIn(lease: Lease | undefined, { first, last }: IndexRange): number {
  if (lease === undefined) return Math.min(Math.max(0, last - first + 1), BATCH_EVENTS_MAX);
  const { slot } = lease;
  const from = Math.max(first, slot.ref.firstIndex);
  const to = Math.min(last, slot.lastIndex);
  return from > to ? 0 : slot.countOf(from, to);
}

function eventsOf(
  leases: Pick<LeaseTable, "find">,
  named: readonly (PositionRanges | undefined)[],
): number {
  let events = 0;
  for (const item of named) {
    if (item === undefined) continue;
    const lease = leases.find(item.lease);
    const ranges = item.ranges.length > 0 ? item.ranges : (lease?.spans ?? []);
    for (const range of ranges) events += eventsIn(lease, range);
  }
  return events;
}

function requireEvents(field: string, items: readonly { readonly events?: unknown }[]): void {
  if (items.every(({ events }) => events !== undefined)) return;
  throw badRequest(`${field}.events`, "must be set");
}

/**
 * Refuses a settlement that breaks a rule or a limit, before anything of it is carried out. Each range
 * is an item, and so is an item without ranges. Throws LIMIT_EXCEEDED or BAD_REQUEST.
 */
export function checkSettlement(
  leases: Pick<LeaseTable, "find">,
  { acks, nacks, extensions }: Settlement,
): void {
  const named = [...acks, ...[...nacks, ...extensions].map(({ events }) => events)];
  requireAtMost("settlement.items", SETTLEMENT_ITEMS_MAX, itemsOf(named));
  for (const { delayMs, reason } of nacks) {
    requireAtMost("settlement.nacks.delay_ms", RETRY_DELAY_MS_MAX, delayMs ?? 0);
    requireAtMost("settlement.nacks.reason", REASON_BYTES_MAX, utf8Bytes(reason));
  }
  for (const { deadlineMs } of extensions) {
    requireAtMost("settlement.extensions.deadline_ms", ACK_DEADLINE_MS_MAX, deadlineMs);
  }
  requireEvents("settlement.nacks", nacks);
  requireEvents("settlement.extensions", extensions);
  requireAtMost("settlement.events", SETTLEMENT_EVENTS_MAX, eventsOf(leases, named));
}
