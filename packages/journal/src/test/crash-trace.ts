import {
  type CrashMode,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import { type Verify, verifyChecksum } from "../checksum.js";
import type { Disk, DiskFile, OpenMode } from "../disk.js";
import type { Durability, Journal, StoredEntry } from "../journal.js";
import type { JournalLimits } from "../limits.js";
import { FORGOTTEN_SAVE_MS } from "../limits.js";
import { type OpenedJournal, openVerified } from "../open-segment-journal.js";
import { verifyJournal } from "../verify-journal.js";
import { all, FOLDER, idle, SMALL } from "./journal-subjects.js";

/** How one life of a journal is recorded, so that what is found after a crash can be judged. */
export interface Witness {
  /** Payload of every sequence that an append was ever given, by the order of the calls. */
  readonly issued: Map<bigint, string>;
  /** Newest sequence whose append resolved with `fsync`. */
  durable: bigint;
  /** Newest sequence whose append resolved at all. */
  acknowledged: bigint;
  /** Entries below this were let go. */
  truncated: bigint;
  /** Entries that were forgotten. */
  readonly forgotten: Set<bigint>;
}

export function witness(): Witness {
  return { issued: new Map(), durable: 0n, acknowledged: 0n, truncated: 1n, forgotten: new Set() };
}

export interface CrashWorld {
  readonly disk: SimulatedDisk;
  /** The disk as the journal sees it. */
  readonly seenDisk: Disk;
  readonly clock: VirtualClock;
  readonly verify: Verify;
  readonly life: Life;
}

/** What a journal goes through, and with which bounds. */
export interface Life {
  readonly limits: Partial<JournalLimits>;
  readonly live: (place: CrashWorld, seen: Witness) => Promise<void>;
}

/** What is taken away from the disk, so that the suite must notice. */
export interface CrashControl {
  readonly ignoreDatasync?: boolean;
  readonly ignoreDirectorySync?: boolean;
  /** A rewritten segment takes its place unsynced. */
  readonly ignoreDraftSync?: boolean;
  /** A recycled file takes its segment's name before its header is synced. */
  readonly ignoreSpareSync?: boolean;
  /** Nothing says where the commits of a recycled segment end. */
  readonly withoutEndRecords?: boolean;
}

export function world(
  options: CrashControl & { seed: number },
  verify: Verify = verifyChecksum,
  life: Life = ORDINARY,
): CrashWorld {
  const disk = new SimulatedDisk(options);
  let seenDisk: Disk = disk;
  if (options.ignoreDraftSync === true) seenDisk = withoutSync(disk, ".seg.new");
  if (options.ignoreSpareSync === true) seenDisk = withoutSync(disk, ".spare");
  if (options.withoutEndRecords === true) seenDisk = withoutEndRecords(disk);
  return { disk, seenDisk, clock: new VirtualClock(), verify, life };
}

function withoutSync(disk: SimulatedDisk, suffix: string): Disk {
  const open = async (path: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(path, mode);
    return path.endsWith(suffix) ? withMethod(file, "sync", async () => undefined) : file;
  };
  return withMethod(disk, "open", open);
}

/** A disk that leaves end records out of what it writes. */
export function withoutEndRecords(disk: Disk): Disk {
  const open = async (path: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(path, mode);
    return withMethod(file, "writev", (parts: readonly Uint8Array[], position: number) => {
      const isEnd = Buffer.from(parts.at(-1) ?? []).toString("latin1", 0, 4) === "END1";
      return file.writev(isEnd ? parts.slice(0, -1) : parts, position);
    });
  };
  return withMethod(disk, "open", open);
}

/** An object with one of its methods changed. */
export function withMethod<Target extends object>(
  target: Target,
  name: keyof Target,
  method: unknown,
): Target {
  return new Proxy(target, {
    get: (original, asked) => {
      if (asked === name) return method;
      const value: unknown = Reflect.get(original, asked);
      return typeof value === "function" ? value.bind(original) : value;
    },
  });
}

export async function openIn(place: CrashWorld): Promise<Journal> {
  return (await opened(place)).journal;
}

function opened({ disk, seenDisk, clock, verify, life }: CrashWorld): Promise<OpenedJournal> {
  const random = new SeededRandom(disk.operations + 1);
  const { limits } = life;
  return openVerified({ disk: seenDisk, folder: FOLDER, timers: clock, random, limits }, verify);
}

function note(
  seen: Witness,
  journal: Journal,
  append: { fill: string; size: number; count: number; durability: Durability },
): Promise<void> {
  const payloads = Array.from({ length: append.count }, (_, at) =>
    `${append.fill}${at}`.repeat(append.size).slice(0, append.size),
  );
  const next = BigInt(seen.issued.size + 1);
  for (const [at, payload] of payloads.entries()) seen.issued.set(next + BigInt(at), payload);
  const entries = payloads.map((payload) => ({
    parts: [Buffer.from(payload.slice(0, 5)), Buffer.from(payload.slice(5))],
  }));
  return journal.append(entries, { durability: append.durability }).then(({ last }) => {
    seen.acknowledged = last;
    if (append.durability === "fsync") seen.durable = last;
  });
}

/** Forgets entries; from the moment this resolves they may be lost. */
async function forget(seen: Witness, journal: Journal, ranges: [bigint, bigint][]): Promise<void> {
  await journal.forget(ranges.map(([first, last]) => ({ first, last })));
  for (const [first, last] of ranges) {
    for (let gone = first; gone <= last; gone += 1n) seen.forgotten.add(gone);
  }
}

/**
 * A life with single and grouped appends, both durabilities, idle marks, retention, new segments;
 * entries are forgotten and segments rewritten, alone and beside commits and retention.
 */
async function live(place: CrashWorld, seen: Witness): Promise<void> {
  const journal = await openIn(place);
  const append = (fill: string, size: number, count = 1, durability: Durability = "fsync") =>
    note(seen, journal, { fill, size, count, durability });
  await append("a", 10);
  await Promise.all([append("b", 700), append("c", 1, 2, "os"), append("d", 1500)]);
  await place.clock.advanceAsync(100);
  await append("e", 2000, 1, "os");
  await append("f", 1900, 1, "os");
  await append("g", 2048);
  await append("h", 2048, 2);
  await append("i", 1800);
  await Promise.all([append("j", 2000), append("k", 2000, 1, "os"), append("l", 2000)]);
  await place.clock.advanceAsync(100);
  await forget(seen, journal, [
    [5n, 7n],
    [9n, 11n],
  ]);
  await idle();
  await append("m", 1000, 1, "os");
  seen.truncated = 9n;
  await journal.truncateBefore(9n);
  for (const fill of ["n", "o", "p"]) await append(fill, 1500);
  await forget(seen, journal, [[13n, 16n]]);
  await Promise.all([append("q", 900), append("r", 900, 1, "os")]);
  await place.clock.advanceAsync(FORGOTTEN_SAVE_MS);
  await forget(seen, journal, [[12n, 12n]]);
  await Promise.all([append("s", 3, 3), append("t", 1900, 2)]);
  await append("u", 1900, 2);
  await forget(seen, journal, [[17n, 20n]]);
  seen.truncated = 15n;
  await Promise.all([journal.truncateBefore(15n), append("v", 10, 2, "os")]);
  await forget(seen, journal, [[21n, 21n]]);
  await journal.close();
}

/**
 * A life in which dropped segments are written over, again and again: what lies behind the end are
 * commits, table rows, payloads, zeros and footers of earlier lives, and commits of this life that
 * were cut off.
 */
async function liveOnOldFiles(place: CrashWorld, seen: Witness): Promise<void> {
  const journal = await openIn(place);
  const append = (fill: string, size: number, count = 1, durability: Durability = "fsync") =>
    note(seen, journal, { fill, size, count, durability });
  const letGo = async (sequence: bigint): Promise<void> => {
    seen.truncated = sequence;
    await journal.truncateBefore(sequence);
  };
  for (let at = 0; at < 6; at += 1) await append("\0", 2000, 3);
  await letGo(10n);
  for (const fill of ["a", "b", "c"]) await append(fill, 1500, 2);
  await place.clock.advanceAsync(100);
  await append("d", 10);
  await append("e", 2000, 2, "os");
  await append("f", 2000, 1, "os");
  await append("g", 1200);
  await letGo(19n);
  await Promise.all([append("h", 1), append("i", 1900, 3), append("j", 5, 9, "os")]);
  for (const fill of ["k", "l", "m", "n"]) await append(fill, 1999, 2, "os");
  await append("o", 40, 20);
  await forget(seen, journal, [[31n, 45n]]);
  await letGo(29n);
  for (const fill of ["p", "q", "r"]) await append(fill, 2011, 3);
  await place.clock.advanceAsync(100);
  await append("s", 3, 2);
  await letGo(70n);
  for (const fill of ["t", "u", "v"]) await append(fill, 2048, 2);
  await append("w", 1, 1, "os");
  await journal.close();
}

export const ORDINARY: Life = { limits: SMALL, live };
export const ON_OLD_FILES: Life = {
  limits: { ...SMALL, commitBytesMax: 8192, segmentBytes: 16_384, spareSegmentsMax: 2 },
  live: liveOnOldFiles,
};

/** Whether a crash leaves each change whole or not at all. */
export function isWhole(mode: CrashMode): boolean {
  return mode === "drop" || mode === "keep";
}

/** What a reopened journal does that it never may; empty when all is well. */
export async function judge(
  place: CrashWorld,
  seen: Witness,
  mode: CrashMode,
): Promise<readonly string[]> {
  const faults: string[] = [];
  try {
    if (isWhole(mode)) faults.push(...(await faultsFound(place)));
    const { journal, recovery } = await opened(place);
    if (isWhole(mode) && recovery.tornBytes > 0) faults.push(`torn: ${recovery.tornBytes} bytes`);
    const promised = mode === "keep" ? seen.acknowledged : seen.durable;
    if (journal.lastSequence < promised) {
      faults.push(`lost: ends at ${journal.lastSequence}, ${promised} was acknowledged`);
    }
    if (journal.firstSequence > seen.truncated) faults.push("lost: begins too late");
    faults.push(...compared(seen, journal, await all(journal)));
    await continues(place, journal, faults);
  } catch (error) {
    faults.push(`refused: ${String(error)}`);
  }
  return faults;
}

/** Whether every entry is there, as it was issued, but for what is forgotten. */
function compared(seen: Witness, journal: Journal, entries: readonly StoredEntry[]): string[] {
  const faults: string[] = [];
  let next = journal.firstSequence;
  for (const { sequence, payload } of entries) {
    while (seen.forgotten.has(next) && next < sequence) next += 1n;
    if (sequence !== next) faults.push(`order: ${sequence} where ${next} belongs`);
    if (Buffer.from(payload).toString() !== seen.issued.get(sequence)) {
      faults.push(`altered: ${sequence}`);
    }
    next += 1n;
  }
  while (seen.forgotten.has(next)) next += 1n;
  if (next !== journal.lastSequence + 1n) faults.push(`lost: reading ended before ${next}`);
  return faults;
}

/** What verification finds wrong; of a torn commit it cannot know that nobody was promised it. */
async function faultsFound({ disk }: CrashWorld): Promise<string[]> {
  if (!(await disk.exists(FOLDER))) return [];
  const found: string[] = [];
  for await (const { kind, severity, segment } of verifyJournal({ disk, folder: FOLDER })) {
    if (severity === "fault" || kind === "torn_tail") found.push(`found: ${kind} in ${segment}`);
  }
  return found;
}

/** What is appended after recovery must be as safe as before: another power cut, all is there. */
async function continues(place: CrashWorld, journal: Journal, faults: string[]): Promise<void> {
  const { last } = await journal.append([{ parts: [Buffer.from("after")] }]);
  await idle();
  place.disk.crash({ mode: "drop" });
  const again = await openIn(place);
  const entry = await again.readOne(last);
  if (again.lastSequence !== last || Buffer.from(entry?.payload ?? []).toString() !== "after") {
    faults.push(`lost: what was appended after the crash, ${last}`);
  }
}

/** Runs the life up to a cut after `operations`, ignoring that it ends in the middle. */
export async function liveUntilCut(place: CrashWorld, operations: number): Promise<Witness> {
  const seen = witness();
  place.disk.cutAfterOperations(operations);
  await place.life.live(place, seen).then(
    () => undefined,
    () => undefined,
  );
  // What still runs in the background must notice that the power is off before it comes back.
  await idle();
  return seen;
}

/** Operations of the whole life, so that a test can cut at each. */
export async function operationsOf(life: Life): Promise<number> {
  const place = world({ seed: 0 }, undefined, life);
  await life.live(place, witness());
  return place.disk.operations;
}
