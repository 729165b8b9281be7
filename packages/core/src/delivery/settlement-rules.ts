import {
  ACK_DEADLINE_MS_MAX,
  BATCH_EVENTS_MAX,
  badRequest,
  type PositionRanges,
  PubSubError,
  REASON_BYTES_MAX,
  RETRY_DELAY_MS_MAX,
  SETTLEMENT_ITEMS_MAX,
  type Settlement,
} from "@opendxa/pubsub-protocol";
import type { LeaseTable } from "./lease-table.js";
import { settlementEventsMax } from "./limits.js";

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

/** Events that items name, those that no batch has among them; of a lease that is over, none. */
function eventsOf(
  leases: Pick<LeaseTable, "find">,
  named: readonly (PositionRanges | undefined)[],
): number {
  let events = 0;
  for (const item of named) {
    if (item === undefined) continue;
    const spans = item.ranges.length > 0 ? item.ranges : leases.find(item.lease)?.spans;
    for (const { first, last } of spans ?? []) {
      events += Math.min(Math.max(0, last - first + 1), BATCH_EVENTS_MAX);
    }
  }
  return events;
}

function requireEvents(field: string, items: readonly { readonly events?: unknown }[]): void {
  if (items.every(({ events }) => events !== undefined)) return;
  throw badRequest(`${field}.events`, "must name what is meant");
}

/**
 * Refuses a settlement that breaks a rule or a limit, before anything of it is carried out. Each range
 * is an item, and so is an item without ranges. Throws LIMIT_EXCEEDED or BAD_REQUEST.
 */
export function checkSettlement(
  leases: Pick<LeaseTable, "find">,
  { acks, nacks, extensions }: Settlement,
): void {
  const items =
    itemsOf(acks) +
    itemsOf(nacks.map(({ events }) => events)) +
    itemsOf(extensions.map(({ events }) => events));
  requireAtMost("settlement.items", SETTLEMENT_ITEMS_MAX, items);
  for (const { delayMs, reason } of nacks) {
    requireAtMost("settlement.nacks.delay_ms", RETRY_DELAY_MS_MAX, delayMs ?? 0);
    requireAtMost("settlement.nacks.reason", REASON_BYTES_MAX, utf8Bytes(reason));
  }
  for (const { deadlineMs } of extensions) {
    requireAtMost("settlement.extensions.deadline_ms", ACK_DEADLINE_MS_MAX, deadlineMs);
  }
  requireEvents("settlement.nacks", nacks);
  requireEvents("settlement.extensions", extensions);
  const events =
    eventsOf(leases, acks) +
    eventsOf(
      leases,
      nacks.map(({ events: named }) => named),
    ) +
    eventsOf(
      leases,
      extensions.map(({ events: named }) => named),
    );
  requireAtMost("settlement.events", settlementEventsMax, events);
}
