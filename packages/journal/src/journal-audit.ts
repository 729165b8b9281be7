import { type FoundSegment, findSegment, guessHeader, withFile } from "./audited-segment.js";
import type { Disk } from "./disk.js";
import { decodeForgotten, forgottenName } from "./forgotten-file.js";
import { JournalError } from "./journal-error.js";
import { fault, type JournalFault } from "./journal-fault.js";
import { pageReader } from "./page-reader.js";
import { isSegmentName, segmentName } from "./segment.js";
import { type AuditItem, SegmentAudit } from "./segment-audit.js";
import { isLeftoverName } from "./segment-folder.js";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";

/** Which journal to look at. */
export interface VerifyJournalOptions {
  /** The file system. */
  readonly disk: Disk;
  /** The journal's folder; no broker may be using it. */
  readonly folder: string;
  /** The journal's 16 bytes, where somebody knows them; else most segments decide. */
  readonly journalId?: Uint8Array;
}

interface OrderedSegment extends FoundSegment {
  readonly firstSequence: bigint;
}

/** Goes through all files of a segment journal, read-only, whatever it finds. */
export class JournalAudit {
  readonly #options: VerifyJournalOptions;
  readonly #folderFaults: JournalFault[];
  readonly #segments: readonly OrderedSegment[];
  readonly #others: readonly string[];
  #lastSequence = 0n;

  /** The journal's id; undefined where no header is left to tell and the caller did not. */
  readonly journalId: Uint8Array | undefined;

  private constructor(
    options: VerifyJournalOptions,
    found: { segments: FoundSegment[]; faults: JournalFault[]; others: string[] },
  ) {
    this.#options = options;
    this.#folderFaults = found.faults;
    this.#others = found.others;
    this.journalId = options.journalId ?? commonestId(found.segments);
    this.#segments = inOrder(found.segments.filter((segment) => this.#isOwn(segment)));
  }

  /** Reads the headers. Rejects with `io_failed` where the folder cannot be read. */
  static async open(options: VerifyJournalOptions): Promise<JournalAudit> {
    const { disk, folder } = options;
    try {
      const names = (await disk.readdir(folder)).sort();
      const faults: JournalFault[] = [];
      const segments: FoundSegment[] = [];
      for (const name of names.filter(isSegmentName)) {
        segments.push(await findSegment({ disk, folder, name }, faults));
      }
      dismissUnfinished(segments, faults);
      const others = names.filter(isLeftoverName);
      return new JournalAudit(options, { segments, faults, others });
    } catch (error) {
      throw JournalError.from(error, `verification of ${folder}`);
    }
  }

  /** First sequence of the oldest segment that is there; 1 where there is none. */
  get firstSequence(): bigint {
    return this.#segments[0]?.firstSequence ?? 1n;
  }

  /** Newest sequence that was assigned, as far as the items so far tell. */
  get lastSequence(): bigint {
    return this.#lastSequence;
  }

  /** All sound entries, ascending, and all faults, each near the place where it lies. */
  async *items(): AsyncGenerator<AuditItem> {
    for (const found of this.#folderFaults) yield { kind: "fault", fault: found };
    for (const at of this.#segments.keys()) yield* this.#segmentAt(at);
    for (const name of this.#others) yield* this.#other(name);
  }

  #isOwn({ name, header }: FoundSegment): boolean {
    const id = this.journalId;
    if (header === undefined || id === undefined) return id !== undefined;
    if (Buffer.compare(header.journalId, id) === 0) return true;
    const place = { segment: name, position: 16, bytes: 16 };
    this.#folderFaults.push(
      fault("segment_foreign", `Segment ${name} is of another journal`, place),
    );
    return false;
  }

  async *#segmentAt(at: number): AsyncGenerator<AuditItem> {
    const segment = this.#segments[at];
    const next = this.#segments[at + 1];
    if (segment === undefined) return;
    const { disk, folder } = this.#options;
    const { name, bytes } = segment;
    const file = await disk.open(`${folder}/${name}`, "read");
    const unreadable = new Map<number, number>();
    const read = pageReader(file, (position, length) => unreadable.set(position, length));
    try {
      const header =
        segment.header ?? (await guessHeader(segment, read, this.journalId as Uint8Array));
      if (header === undefined) {
        yield* this.#withoutCommits(segment, next);
      } else {
        const isGuessed = segment.header === undefined;
        const audit = new SegmentAudit(
          { name, bytes, header, isGuessed, next: behind(segment, next) },
          read,
        );
        yield* audit.items();
        this.#sawSequence(audit.lastSequence);
        if (next === undefined) yield* this.#checkOldest(audit.firstRetained);
        else yield* this.#checkNext(segment, next, audit.lastSequence);
      }
    } finally {
      await file.close();
    }
    for (const [position, length] of unreadable) {
      const place = { segment: name, position, bytes: length };
      yield { kind: "fault", fault: fault("unreadable", "The disk refuses to read", place) };
    }
  }

  /** A segment in which nothing tells where its commits are. */
  *#withoutCommits(
    { name, bytes, firstSequence }: OrderedSegment,
    next: OrderedSegment | undefined,
  ): Generator<AuditItem> {
    const last = (next?.firstSequence ?? firstSequence + 1n) - 1n;
    const position = Math.min(bytes, SEGMENT_HEADER_BYTES);
    const sequences = { first: firstSequence, last };
    const place = { segment: name, position, bytes: bytes - position, sequences };
    yield { kind: "fault", fault: fault("commit_damaged", "No commit is sound", place) };
  }

  *#checkNext(
    segment: OrderedSegment,
    next: OrderedSegment,
    lastSequence: bigint,
  ): Generator<AuditItem> {
    this.#sawSequence(next.firstSequence - 1n);
    const previous = next.header?.previousFirstSequence ?? segment.firstSequence;
    if (previous === segment.firstSequence) return;
    yield missing(previous, { first: lastSequence + 1n, last: next.firstSequence - 1n });
  }

  *#checkOldest(firstRetained: bigint): Generator<AuditItem> {
    const oldest = this.firstSequence;
    if (oldest > firstRetained)
      yield missing(firstRetained, { first: firstRetained, last: oldest - 1n });
    for (const { name, bytes, firstSequence } of this.#segments) {
      if (firstSequence >= firstRetained) return;
      const place = { segment: name, position: 0, bytes };
      const message = `Segment ${name} was let go by retention and not yet removed`;
      yield { kind: "fault", fault: fault("leftover", message, place) };
    }
  }

  /** Notes of forgotten entries, drafts and spare files. */
  async *#other(name: string): AsyncGenerator<AuditItem> {
    const { disk, folder } = this.#options;
    const sealed = this.#segments.slice(0, -1);
    const owner = sealed.find((segment) => forgottenName(segment) === name);
    if (owner === undefined) {
      const { bytes } = await disk.stat(`${folder}/${name}`);
      const place = { segment: name, position: 0, bytes };
      yield { kind: "fault", fault: fault("leftover", `${name} belongs to no segment`, place) };
      return;
    }
    const bytes = await withFile({ disk, folder, name }, async (file) => {
      const content = new Uint8Array(await file.size());
      await file.read(content, 0);
      return content;
    }).catch(() => new Uint8Array(0));
    const { header } = owner;
    if (header === undefined || decodeForgotten(bytes, { header }) !== undefined) return;
    const place = { segment: name, position: 0, bytes: bytes.length };
    const message = `${name} is damaged, or of an earlier form of its segment`;
    yield { kind: "fault", fault: fault("notes_damaged", message, place) };
  }

  #sawSequence(sequence: bigint): void {
    if (sequence > this.#lastSequence) this.#lastSequence = sequence;
  }
}

function missing(firstSequence: bigint, sequences: { first: bigint; last: bigint }): AuditItem {
  const segment = segmentName(firstSequence);
  const place = { segment, position: 0, bytes: 0, sequences };
  return { kind: "fault", fault: fault("segment_missing", `Segment ${segment} is missing`, place) };
}

/** A newest file that never held more than half a header: it was being made. */
function dismissUnfinished(segments: FoundSegment[], faults: JournalFault[]): void {
  const newest = segments.at(-1);
  const isUnfinished = newest?.header === undefined && (newest?.bytes ?? 0) <= SEGMENT_HEADER_BYTES;
  if (newest === undefined || !isUnfinished) return;
  segments.pop();
  const at = faults.findIndex(({ segment }) => segment === newest.name);
  const place = { segment: newest.name, position: 0, bytes: newest.bytes };
  faults.splice(at, 1, fault("leftover", `Segment ${newest.name} was being made`, place));
}

function commonestId(segments: readonly FoundSegment[]): Uint8Array | undefined {
  const votes = new Map<string, { id: Uint8Array; count: number }>();
  for (const { header } of segments) {
    if (header === undefined) continue;
    const key = Buffer.from(header.journalId).toString("hex");
    votes.set(key, { id: header.journalId, count: (votes.get(key)?.count ?? 0) + 1 });
  }
  return [...votes.values()].sort((one, other) => other.count - one.count)[0]?.id;
}

/** Segments by what they hold, not by their names; of several with the same, the well-named one. */
function inOrder(segments: readonly FoundSegment[]): OrderedSegment[] {
  const bySequence = new Map<bigint, OrderedSegment>();
  for (const segment of segments) {
    const firstSequence =
      segment.header?.firstSequence ?? BigInt(segment.name.slice(0, segment.name.indexOf(".")));
    const isWellNamed = segmentName(firstSequence) === segment.name;
    if (!bySequence.has(firstSequence) || (isWellNamed && segment.header !== undefined)) {
      bySequence.set(firstSequence, { ...segment, firstSequence });
    }
  }
  return [...bySequence.values()].sort((one, other) =>
    one.firstSequence < other.firstSequence ? -1 : 1,
  );
}

/** What is known of the commits behind a segment: their numbers only if nothing is missing between. */
function behind(
  segment: OrderedSegment,
  next: OrderedSegment | undefined,
): { firstSequence: bigint; firstCommit: bigint } | undefined {
  if (next === undefined) return undefined;
  const header: SegmentHeader | undefined = next.header;
  const isAdjacent = header?.previousFirstSequence === segment.firstSequence;
  const firstCommit = isAdjacent ? header.firstCommit : 0n;
  return { firstSequence: next.firstSequence, firstCommit };
}
