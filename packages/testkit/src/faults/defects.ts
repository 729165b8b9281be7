import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { Journal, JournalEntry, Timers } from "@opendxa/pubsub-journal";
import { decodeEntry, Entry, encodeEntryParts } from "@opendxa/pubsub-protocol";

/** Deliberate defects, each of which the matrix must notice. */
export interface Defects {
  /** `fdatasync` and `fsync` of files do nothing. */
  readonly noFsync?: boolean;
  /** The fsync of directories does nothing. */
  readonly noDirectoryFsync?: boolean;
  /** No checksum of the journal is compared. */
  readonly noChecksum?: boolean;
  /** The chain of the index's batches is believed whatever it says. */
  readonly noChainCheck?: boolean;
  /** Retention does not hear of executions. */
  readonly noHolds?: boolean;
  /** What expires is counted in memory and not in the entry. */
  readonly noExpiredCounts?: boolean;
  /** What expires is counted twice in the entry. */
  readonly twiceExpiredCounts?: boolean;
  /** Topics are deleted in memory and not in the entry. */
  readonly noDeletedTopics?: boolean;
  /** An idle journal does not sync what was written with durability OS. */
  readonly noIdleSync?: boolean;
  /** Retention believes the clock a minute after it jumped. */
  readonly noPause?: boolean;
  /** A start believes any clock. */
  readonly noDoubt?: boolean;
  /** Nobody watches the free space. */
  readonly noReserve?: boolean;
  /** The journal forgets an entry more than it is asked to. */
  readonly forgetsMore?: boolean;
}

const IDLE_LOOK_MS = 50;
const CLOCK_TICK_MS = 60_000;

/** An object some of whose methods are others. */
function withMethods<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get: (original, name) => {
      const changed: unknown = Reflect.get(methods, name);
      if (changed !== undefined) return changed;
      const value: unknown = Reflect.get(original, name, original);
      return typeof value === "function" ? value.bind(original) : value;
    },
  });
}

/** An entry as a defect puts it down. */
function put(entry: Entry, defects: Defects): Entry {
  const { kind } = entry;
  if (kind?.$case === "topicDeleted" && defects.noDeletedTopics === true) {
    return Entry.create({ timeUnixMs: entry.timeUnixMs });
  }
  if (kind?.$case !== "eventsExpired") return entry;
  if (defects.noExpiredCounts === true) {
    return { ...entry, kind: { ...kind, value: { ...kind.value, counts: [] } } };
  }
  if (defects.twiceExpiredCounts !== true) return entry;
  const counts = kind.value.counts.map((each) => ({
    ...each,
    count: each.count * 2n,
    enteredCount: each.enteredCount * 2n,
  }));
  return { ...entry, kind: { ...kind, value: { ...kind.value, counts } } };
}

/** The journal as a defective engine uses it; as it is where nothing of it is defective. */
export function defectiveJournal(journal: Journal, defects: Defects): Journal {
  const { noExpiredCounts, twiceExpiredCounts, noDeletedTopics, forgetsMore } = defects;
  const isSound = !(noExpiredCounts || twiceExpiredCounts || noDeletedTopics || forgetsMore);
  if (isSound) return journal;
  const changed = ({ parts }: JournalEntry): JournalEntry => ({
    parts: encodeEntryParts(put(decodeEntry(Buffer.concat(parts)), defects)),
  });
  return withMethods(journal, {
    append: (entries, options) => journal.append(entries.map(changed), options),
    ...(defects.forgetsMore === true
      ? {
          forget: (ranges) =>
            journal.forget(ranges.map(({ first, last }) => ({ first, last: last + 1n }))),
        }
      : {}),
  });
}

/** The index as a defective engine uses it. */
export function defectiveIndex(index: IndexStore, { noHolds }: Defects): IndexStore {
  if (noHolds !== true) return index;
  return withMethods(index, {
    scan: async (scope) =>
      scope.gte?.startsWith("k/opendxa:") === true && scope.limit === 1 ? [] : index.scan(scope),
  });
}

/** Timers as a defective engine uses them. */
export function defectiveTimers(timers: Timers, { noIdleSync, noPause }: Defects): Timers {
  const delayed = (delayMs: number): number => {
    if (noIdleSync === true && delayMs === IDLE_LOOK_MS) return Number.MAX_SAFE_INTEGER;
    return noPause === true && delayMs === CLOCK_TICK_MS ? 1_000 : delayMs;
  };
  return {
    setTimer: (callback, delayMs) => timers.setTimer(callback, delayed(delayMs)),
    clearTimer: (timer) => timers.clearTimer(timer),
  };
}
