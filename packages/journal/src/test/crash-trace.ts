import {
  type CrashMode,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import { type Verify, verifyChecksum } from "../checksum.js";
import type { Disk, DiskFile, OpenMode } from "../disk.js";
import type { Durability, Journal } from "../journal.js";
import { FORGOTTEN_SAVE_MS } from "../limits.js";
import { openVerified } from "../open-segment-journal.js";
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
}

/** What is taken away from the disk, so that the suite must notice. */
export interface CrashControl {
  readonly ignoreDatasync?: boolean;
  readonly ignoreDirectorySync?: boolean;
  /** A rewritten segment takes its place unsynced. */
  readonly ignoreDraftSync?: boolean;
}

export function world(
  options: CrashControl & { seed: number },
  verify: Verify = verifyChecksum,
): CrashWorld {
  const disk = new SimulatedDisk(options);
  const seenDisk = options.ignoreDraftSync === true ? withoutDraftSync(disk) : disk;
  return { disk, seenDisk, clock: new VirtualClock(), verify };
}

function withoutDraftSync(disk: SimulatedDisk): Disk {
  const open = async (path: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(path, mode);
    return path.endsWith(".seg.new") ? withMethod(file, "sync", async () => undefined) : file;
  };
  return withMethod(disk, "open", open);
}

/** An object with one of its methods changed. */
function withMethod<Target extends object>(
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

export async function openIn({ disk, seenDisk, clock, verify }: CrashWorld): Promise<Journal> {
  const random = new SeededRandom(disk.operations + 1);
  const options = { disk: seenDisk, folder: FOLDER, timers: clock, random, limits: SMALL };
  return (await openVerified(options, verify)).journal;
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
export async function live(place: CrashWorld, seen: Witness): Promise<void> {
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

/** What a reopened journal does that it never may; empty when all is well. */
export async function judge(
  place: CrashWorld,
  seen: Witness,
  mode: CrashMode,
): Promise<readonly string[]> {
  const faults: string[] = [];
  try {
    const journal = await openIn(place);
    const promised = mode === "keep" ? seen.acknowledged : seen.durable;
    if (journal.lastSequence < promised) {
      faults.push(`lost: ends at ${journal.lastSequence}, ${promised} was acknowledged`);
    }
    if (journal.firstSequence > seen.truncated) faults.push("lost: begins too late");
    let next = journal.firstSequence;
    for (const { sequence, payload } of await all(journal)) {
      while (seen.forgotten.has(next) && next < sequence) next += 1n;
      if (sequence !== next) faults.push(`order: ${sequence} where ${next} belongs`);
      if (Buffer.from(payload).toString() !== seen.issued.get(sequence)) {
        faults.push(`altered: ${sequence}`);
      }
      next += 1n;
    }
    while (seen.forgotten.has(next)) next += 1n;
    if (next !== journal.lastSequence + 1n) faults.push(`lost: reading ended before ${next}`);
    await continues(place, journal, faults);
  } catch (error) {
    faults.push(`refused: ${String(error)}`);
  }
  return faults;
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
  await live(place, seen).then(
    () => undefined,
    () => undefined,
  );
  // What still runs in the background must notice that the power is off before it comes back.
  await idle();
  return seen;
}

/** Operations of the whole life, so that a test can cut at each. */
export async function operationsOfLife(): Promise<number> {
  const place = world({ seed: 0 });
  await live(place, witness());
  return place.disk.operations;
}
