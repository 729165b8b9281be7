import {
  type CopiedFile,
  copyLevel,
  copySegments,
  type Disk,
  hashFile,
  levelFiles,
  newestCommit,
  type Quietly,
  readJournalKind,
  syncFile,
  type Timers,
} from "@opendxa/pubsub-journal";

/** What copying a journal takes. */
export interface JournalSourceParts {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** Waits for the broker that writes, if one does. */
  readonly timers: Timers;
  /** Tells whether nobody writes, and keeps it so. */
  readonly quietly: Quietly;
}

/** A journal that is copied while it may be written. */
export interface JournalSource {
  /** Folders of a copy, the inner ones first. */
  readonly folders: readonly string[];
  /** Copies it into an empty folder; what was acknowledged before this object was made is in it. */
  copy(to: string, sequenceMin: bigint): Promise<void>;
  /** The files of a copy by their paths in it, after it was opened; all are durable but for their names. */
  files(to: string): Promise<ReadonlyMap<string, CopiedFile>>;
}

/** A journal of whichever kind a folder holds. Rejects with JournalError and the disk's errors. */
export async function journalSource(
  parts: JournalSourceParts,
  folder: string,
): Promise<JournalSource> {
  const stored = await readJournalKind(parts.disk, folder);
  return stored?.kind === "level" ? inLevel(parts, folder) : await inSegments(parts, folder);
}

async function inSegments(parts: JournalSourceParts, from: string): Promise<JournalSource> {
  const { disk } = parts;
  const commitMin = await newestCommit(disk, from);
  let copied: ReadonlyMap<string, CopiedFile> = new Map();
  return {
    folders: [""],
    async copy(to, sequenceMin) {
      copied = (await copySegments({ ...parts, from, to, commitMin, sequenceMin })).files;
      await disk.syncDirectory(to);
    },
    async files(to) {
      // Opening it has marked the newest commit; sealed segments are many bytes and as they were.
      const newest = [...copied.keys()].at(-1) ?? "";
      return new Map([...copied, [newest, await hashFile(disk, `${to}/${newest}`)]]);
    },
  };
}

function inLevel({ disk }: JournalSourceParts, from: string): JournalSource {
  return {
    folders: ["/leveldb", ""],
    copy: (to) => copyLevel({ disk, from, to }),
    async files(to) {
      const files = new Map<string, CopiedFile>();
      for (const path of await levelFiles(disk, to)) {
        await syncFile(disk, `${to}/${path}`);
        files.set(path, await hashFile(disk, `${to}/${path}`));
      }
      for (const name of await disk.readdir(`${to}/leveldb`)) {
        // Its lock and its own log.
        if (!files.has(`leveldb/${name}`)) await disk.unlink(`${to}/leveldb/${name}`);
      }
      return files;
    },
  };
}
