/**
 * The journal: an append-only, checksummed sequence of opaque entries in segment files, the one
 * truth of the broker. It knows nothing of what the entries mean.
 *
 * @example
 * ```ts
 * const lock = await FolderLock.acquire(folder);
 * const { journal, recovery } = await openSegmentJournal({ disk: new NodeDisk(), folder, timers, random });
 * const { last } = await journal.append([{ parts: [Buffer.from("hello")] }]); // durable from here on
 * for await (const { sequence, payload } of journal.read({ from: 1n })) console.log(sequence, payload);
 * await journal.close();
 * await lock.release();
 * ```
 *
 * @packageDocumentation
 */
export type { Disk, DiskFile, FileFacts, OpenMode } from "./disk.js";
export { DiskSpace, type DiskSpaceOptions, isSpaceLow, type SpaceFacts } from "./disk-space.js";
export { ensureFolder } from "./ensure-folder.js";
export { type CopiedFile, copyFile, hashFile, placeFile, syncFile } from "./file-copy.js";
export { FolderLock } from "./folder-lock.js";
export type {
  AppendedRange,
  AppendOptions,
  Durability,
  Journal,
  JournalEntry,
  JournalFigures,
  ReadRange,
  StoredEntry,
} from "./journal.js";
export type { VerifyJournalOptions } from "./journal-audit.js";
export {
  JournalError,
  type JournalErrorOptions,
  type JournalErrorReason,
} from "./journal-error.js";
export type { JournalFault, JournalFaultKind } from "./journal-fault.js";
export {
  type JournalKind,
  type JournalMarker,
  readKind as readJournalKind,
} from "./journal-kind.js";
export { type CopyLevelOptions, copyLevel, levelFiles } from "./level-backup.js";
export { DISK_RESERVE_BYTES, JOURNAL_LIMITS, type JournalLimits, SEQUENCE_MAX } from "./limits.js";
export { NodeDisk } from "./node-disk.js";
export { type OpenedAudit, openAudit } from "./open-audit.js";
export { type OpenJournalOptions, openJournal } from "./open-journal.js";
export {
  type JournalRecovery,
  type OpenedJournal,
  type OpenSegmentJournalOptions,
  openSegmentJournal,
} from "./open-segment-journal.js";
export type { Random } from "./random.js";
export { type SalvageJournalOptions, salvageJournal } from "./salvage-journal.js";
export type { LostRange, SalvageFault, SalvageReport } from "./salvage-report.js";
export type { AuditedEntry, AuditedFault, AuditItem } from "./segment-audit.js";
export {
  type CopiedJournal,
  type CopySegmentsOptions,
  copySegments,
  newestCommit,
  type Quietly,
} from "./segment-backup.js";
export type { SequenceRange } from "./sequence-range.js";
export type { Timers } from "./timers.js";
export { verifyJournal } from "./verify-journal.js";
