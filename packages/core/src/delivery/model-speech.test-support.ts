import { type PositionRanges, Verdict } from "@opendxa/pubsub-protocol";
import { type DeliveryModel, isSelected, type ModelEvent } from "./delivery-model.test-support.js";
import type { Grant } from "./granter.js";

/** What a consumer can say of events. */
export type Word = "ack" | "nack" | "extend";

/** What is said, under which lease. */
export interface Speech {
  readonly word: Word;
  readonly grant: Grant;
  /** Number of this start. */
  readonly start: number;
  /** Leases up to it belong to earlier epochs. */
  readonly floor: bigint;
}

function verdictOn(
  model: DeliveryModel,
  event: ModelEvent,
  { word, grant, start, floor }: Speech,
): Verdict | undefined {
  if (grant.lease <= floor || event.end !== undefined) return Verdict.STALE;
  if (event.lease !== undefined) {
    return event.lease.token === grant.lease ? undefined : Verdict.STALE;
  }
  if (word !== "ack") return Verdict.STALE;
  const isCurrent = grant.lease >> 40n === BigInt(start);
  if (isCurrent && !isSelected(grant, event.index)) return Verdict.UNKNOWN;
  if (!model.offered.has(event)) return event.key === undefined ? undefined : Verdict.STALE;
  return model.before(event).length === 0 ? undefined : Verdict.STALE;
}

/** Says a word of events one by one, in order; answers the refused ones by place. */
export function sayToModel(
  model: DeliveryModel,
  events: readonly ModelEvent[],
  speech: Speech,
  carryOut: (event: ModelEvent) => void,
): Map<string, Verdict> {
  const refused = new Map<string, Verdict>();
  const held = new Set(events.filter(({ lease }) => lease?.token === speech.grant.lease));
  const failed = new Set<string>();
  for (const event of events) {
    const isGivenBack = event.key !== undefined && failed.has(event.key) && held.has(event);
    if (speech.word === "nack" && isGivenBack) continue;
    const verdict = verdictOn(model, event, speech);
    if (verdict !== undefined) {
      refused.set(`${event.sequence}/${event.index}`, verdict);
      continue;
    }
    if (speech.word === "nack" && event.key !== undefined) failed.add(event.key);
    carryOut(event);
  }
  return refused;
}

/**
 * Whether nobody can tell stale from unknown: the batch left, or is not resident, as one whose lane
 * passed it while another one is still in its entry.
 */
export function isUntold({ isGone, end }: ModelEvent): boolean {
  return isGone || end !== undefined;
}

/** Which events of which grant. */
export interface Wish {
  readonly grant: number;
  readonly from: number;
  readonly to: number;
}

/** What a wish means: the item of a settlement and the events that it names. */
export function itemOf(
  model: DeliveryModel,
  grants: readonly Grant[],
  wish: Wish,
): { item: PositionRanges; grant: Grant; events: ModelEvent[] } | undefined {
  const grant = grants[wish.grant % Math.max(1, grants.length)];
  if (grant === undefined) return undefined;
  const { sequence, firstIndex, count } = grant.ref;
  const first = firstIndex + (wish.from % count);
  const last = Math.min(firstIndex + count - 1, first + (wish.to % count));
  const item = { lease: grant.lease, sequence, ranges: [{ first, last }] };
  const events = model.of(grant.ref).filter(({ index }) => first <= index && index <= last);
  return { item, grant, events };
}
