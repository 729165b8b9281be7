import {
  countBits,
  type DedupSettings,
  DedupTotals,
  type Entry,
  hasBit,
  readBatch,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import type { StateChanges } from "../state/state-changes.js";
import type { AnyStateKey, Loaded } from "../state/state-key.js";
import { type EventIdentity, stateKeys } from "../state/state-keys.js";
import { packNames, unpackNames } from "./event-names.js";
import { dedupIdsForgottenMax } from "./limits.js";
import { isScheduled } from "./payload-index.js";

/** An event of a stored batch that its topic remembers. */
interface NewId extends EventIdentity {
  readonly offset: bigint;
  readonly scheduled: boolean;
}

/** What an entry adds to one topic that deduplicates. */
interface Addition {
  readonly topicId: number;
  readonly settings: DedupSettings;
  readonly batches: readonly StoredBatch[];
  /** Number of its new ids that the topic remembers. */
  readonly count: number;
}

/** The oldest groups that leave. */
interface Eviction {
  /** Keys that are still missing to tell; then the rest says nothing. */
  readonly missing: readonly AnyStateKey[];
  /** Number of the first group that stays. */
  readonly firstKept: bigint;
  /** Ids in the groups that leave. */
  readonly ids: number;
  /** Per group that leaves: its number and its names. */
  readonly groups: readonly { readonly group: bigint; readonly names: readonly EventIdentity[] }[];
}

function settingsOf(loaded: Loaded, { batch, topicId }: StoredBatch): DedupSettings | undefined {
  const topic = loaded.get(stateKeys.topic(batch?.topic ?? ""));
  return topic?.topicId === topicId ? topic.topic?.settings?.dedup : undefined;
}

function newIds(stored: StoredBatch): NewId[] {
  const { batch, refused, duplicates } = stored;
  if (batch === undefined) return [];
  const heads = readBatch(batch, { verifyChecksums: false });
  const scheduled = isScheduled(stored);
  const ids: NewId[] = [];
  for (let i = 0; i < batch.count; i++) {
    if (hasBit(refused, i) || hasBit(duplicates, i)) continue;
    const offset = scheduled ? 0n : batch.baseOffset + BigInt(i);
    ids.push({ source: heads.source(i), id: heads.id(i), offset, scheduled });
  }
  return ids;
}

function newCount({ batch, refused, duplicates }: StoredBatch): number {
  return (batch?.count ?? 0) - countBits(refused) - countBits(duplicates);
}

const none: readonly Addition[] = [];

/** One for each topic that deduplicates, however many of its batches the entry holds. */
function additionsOf({ batches }: Entry, loaded: Loaded): readonly Addition[] {
  let byTopic: Map<number, Addition> | undefined;
  for (const stored of batches) {
    const settings = settingsOf(loaded, stored);
    if (settings === undefined) continue;
    byTopic ??= new Map();
    const { topicId } = stored;
    const before = byTopic.get(topicId);
    // A topic that remembers less than one entry brings remembers the newest.
    const count = Math.min(settings.idsMax, (before?.count ?? 0) + newCount(stored));
    const ofTopic = [...(before?.batches ?? []), stored];
    byTopic.set(topicId, { topicId, settings, batches: ofTopic, count });
  }
  return byTopic === undefined ? none : [...byTopic.values()];
}

/**
 * The groups that leave: the oldest, while the ids are more than the topic's bound or their time is
 * over. About as many ids as come, and `dedupIdsForgottenMax` more, so that the work of an entry is
 * bounded and yet the bound on ids holds after it.
 */
function evictionOf(loaded: Loaded, addition: Addition, timeMs: bigint): Eviction {
  const { topicId, settings, count } = addition;
  const { firstGroup, nextGroup, ids: before } = totalsOf(loaded, topicId);
  const workMax = count + dedupIdsForgottenMax;
  const groups: { group: bigint; names: EventIdentity[] }[] = [];
  let evicted = 0;
  let group = firstGroup;
  for (; group < nextGroup && evicted < workMax; group++) {
    const key = stateKeys.dedupGroup(topicId, group);
    if (!loaded.has(key)) {
      const several = BigInt(Math.max(groupsPerFetchMin, groups.length));
      const end = group + several < nextGroup ? group + several : nextGroup;
      return { ...nothing, missing: keysFrom(topicId, group, end) };
    }
    const state = loaded.get(key);
    const isOver = state === undefined || state.expireTimeUnixMs <= timeMs;
    const isTooMany = Number(before) + count - evicted > settings.idsMax;
    if (!isOver && !isTooMany) break;
    const names = unpackNames(state?.names ?? []).filter((name) => name !== undefined);
    evicted += names.length;
    groups.push({ group, names });
  }
  return { missing: [], firstKept: group, ids: evicted, groups };
}

const nothing: Eviction = { missing: [], firstKept: 0n, ids: 0, groups: [] };
/** Groups fetched at once; then as many as before, so that small groups take few rounds. */
const groupsPerFetchMin = 16;

function keysFrom(topicId: number, from: bigint, end: bigint): AnyStateKey[] {
  const keys: AnyStateKey[] = [];
  for (let at = from; at < end; at++) keys.push(stateKeys.dedupGroup(topicId, at));
  return keys;
}

function totalsOf(loaded: Loaded, topicId: number): DedupTotals {
  return loaded.get(stateKeys.dedupTotals(topicId)) ?? DedupTotals.create();
}

function additionReads(loaded: Loaded, addition: Addition, timeMs: bigint): AnyStateKey[] {
  const totals = stateKeys.dedupTotals(addition.topicId);
  if (!loaded.has(totals)) return [totals];
  const { missing, groups } = evictionOf(loaded, addition, timeMs);
  if (missing.length > 0) return [...missing];
  return groups.flatMap(({ names }) =>
    names.map(({ source, id }) => stateKeys.dedup(addition.topicId, source, id)),
  );
}

/** Keys that an entry needs for ids that topics remember; the topics of its batches are loaded. */
export function rememberedReads(entry: Entry, loaded: Loaded): AnyStateKey[] {
  const { kind } = entry;
  if (kind?.$case === "dedupForgotten") return forgottenReads(loaded, kind.value);
  return additionsOf(entry, loaded).flatMap((addition) =>
    additionReads(loaded, addition, entry.timeUnixMs),
  );
}

function forget(changes: StateChanges, topicId: number, groups: Eviction["groups"]): void {
  for (const { group, names } of groups) {
    changes.remove(stateKeys.dedupGroup(topicId, group));
    for (const { source, id } of names) {
      const key = stateKeys.dedup(topicId, source, id);
      // An id whose time was over may have been stored again, and belong to a younger group.
      if (changes.get(key)?.group === group) changes.remove(key);
    }
  }
}

function remember(changes: StateChanges, addition: Addition, timeMs: bigint): void {
  const { topicId, settings, batches, count } = addition;
  const { missing, firstKept, ids: evicted, groups } = evictionOf(changes, addition, timeMs);
  if (missing.length > 0) throw new Error(`${missing[0]?.name} was not loaded`);
  const ids = batches.flatMap(newIds).slice(-count);
  const totals = totalsOf(changes, topicId);
  forget(changes, topicId, groups);
  const group = totals.nextGroup;
  const expireTimeUnixMs = timeMs + settings.windowMs;
  for (const { source, id, offset, scheduled } of ids) {
    const state = { offset, expireTimeUnixMs, scheduled, group };
    changes.put(stateKeys.dedup(topicId, source, id), state);
  }
  const names = packNames(ids);
  changes.put(stateKeys.dedupGroup(topicId, group), { names, expireTimeUnixMs });
  changes.put(stateKeys.dedupTotals(topicId), {
    firstGroup: firstKept,
    nextGroup: group + 1n,
    ids: totals.ids - BigInt(evicted) + BigInt(count),
  });
}

/** Remembers the new ids of an entry, and forgets the oldest. */
export function applyRemembered(changes: StateChanges, entry: Entry): void {
  const { kind, timeUnixMs } = entry;
  if (kind?.$case === "dedupForgotten") applyForgotten(changes, kind.value);
  for (const addition of additionsOf(entry, changes)) remember(changes, addition, timeUnixMs);
}

interface ForgottenGroups {
  readonly topicId: number;
  readonly throughGroup: bigint;
}

function groupKeys(loaded: Loaded, { topicId, throughGroup }: ForgottenGroups) {
  const { firstGroup } = totalsOf(loaded, topicId);
  const count = Number(throughGroup - firstGroup) + 1;
  return Array.from({ length: count }, (_, i) =>
    stateKeys.dedupGroup(topicId, firstGroup + BigInt(i)),
  );
}

function forgottenReads(loaded: Loaded, fact: ForgottenGroups): AnyStateKey[] {
  const totals = stateKeys.dedupTotals(fact.topicId);
  if (!loaded.has(totals)) return [totals];
  const keys = groupKeys(loaded, fact);
  const missing = keys.filter((key) => !loaded.has(key));
  if (missing.length > 0) return missing;
  return keys.flatMap((key) =>
    unpackNames(loaded.get(key)?.names ?? [])
      .filter((name) => name !== undefined)
      .map(({ source, id }) => stateKeys.dedup(fact.topicId, source, id)),
  );
}

function applyForgotten(changes: StateChanges, fact: ForgottenGroups): void {
  const { topicId, throughGroup } = fact;
  const totals = totalsOf(changes, topicId);
  const groups = groupKeys(changes, fact).map((key, i) => ({
    group: totals.firstGroup + BigInt(i),
    names: unpackNames(changes.get(key)?.names ?? []).filter((name) => name !== undefined),
  }));
  forget(changes, topicId, groups);
  const key = stateKeys.dedupTotals(topicId);
  const firstGroup = throughGroup + 1n;
  if (firstGroup >= totals.nextGroup) {
    changes.remove(key);
    return;
  }
  const ids = groups.reduce((sum, { names }) => sum + names.length, 0);
  changes.put(key, { ...totals, firstGroup, ids: totals.ids - BigInt(ids) });
}
