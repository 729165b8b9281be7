import type { Disk } from "@opendxa/pubsub-journal";
import { BackupError } from "./backup-error.js";
import { backupManifestBytesMax } from "./limits.js";

/** File of a backup that says what the backup is; a folder without it is none. */
export const MANIFEST_NAME = "manifest.json";

const FORMAT = 1;

/** Segments, a journal in LevelDB, checkpoints. */
const STORED_PATH =
  /^(journal\/(\d{16}\.seg|journal\.json|leveldb\/(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst)))|checkpoints\/[0-9a-f]{16}\.(base|delta))$/;

/** One file of a namespace in a backup. */
export interface BackupFile {
  /** Path within the namespace's folder, such as `journal/0000000000000001.seg`. */
  readonly path: string;
  /** Its bytes. */
  readonly bytes: number;
  /** SHA-256 of them in hexadecimal digits. */
  readonly sha256: string;
}

/** One namespace in a backup. */
export interface NamespaceManifest {
  /** Its name, which is also its folder's. */
  readonly name: string;
  /** The journal's 16 bytes in hexadecimal digits. */
  readonly journalId: string;
  /** First sequence of the oldest segment. */
  readonly firstSequence: bigint;
  /** Newest sequence: everything acknowledged before the backup began lies at or below it. */
  readonly lastSequence: bigint;
  /** Sequence of the checkpoint that the state was built from; 0 for none. */
  readonly checkpointSequence: bigint;
  /** SHA-256 of the control state after `lastSequence`, in hexadecimal digits. */
  readonly stateSha256: string;
  /** Its files. */
  readonly files: readonly BackupFile[];
}

/** What a backup says of itself. */
export interface BackupManifest {
  /** Version of the broker that made it. */
  readonly brokerVersion: string;
  /** When it was complete, milliseconds since the Unix epoch. */
  readonly timeUnixMs: number;
  /** Its namespaces. */
  readonly namespaces: readonly NamespaceManifest[];
}

/** Writes the manifest, whole or not at all, and so makes the folder a backup. */
export async function writeManifest(
  disk: Disk,
  folder: string,
  manifest: BackupManifest,
): Promise<void> {
  const sequenceAsText = (_key: string, value: unknown): unknown =>
    typeof value === "bigint" ? String(value) : value;
  const text = JSON.stringify({ format: FORMAT, ...manifest }, sequenceAsText, 2);
  const path = `${folder}/${MANIFEST_NAME}`;
  const file = await disk.open(`${path}.tmp`, "create");
  try {
    await file.writev([Buffer.from(`${text}\n`)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.tmp`, path);
  await disk.syncDirectory(folder);
}

/** Reads the manifest of a backup. Throws `no_backup` where there is none that it understands. */
export async function readManifest(disk: Disk, folder: string): Promise<BackupManifest> {
  const path = `${folder}/${MANIFEST_NAME}`;
  if (!(await disk.exists(path))) {
    throw new BackupError(
      "no_backup",
      `${folder} is no backup: it has no ${MANIFEST_NAME}, which is written last; a backup that was cut off is worth nothing.`,
    );
  }
  const file = await disk.open(path, "read");
  try {
    const bytes = new Uint8Array(Math.min(await file.size(), backupManifestBytesMax + 1));
    if (bytes.length > backupManifestBytesMax) throw notUnderstood(folder, "it is too large");
    for (let at = 0; at < bytes.length; ) {
      const read = await file.read(bytes.subarray(at), at);
      if (read === 0) break;
      at += read;
    }
    return decode(folder, Buffer.from(bytes).toString("utf8"));
  } finally {
    await file.close();
  }
}

function decode(folder: string, text: string): BackupManifest {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw notUnderstood(folder, "it is no JSON", error);
  }
  const { format } = record(content);
  if (format !== FORMAT) {
    throw notUnderstood(folder, `its format is ${String(format)} and this version reads ${FORMAT}`);
  }
  try {
    const { brokerVersion, timeUnixMs, namespaces } = record(content);
    return {
      brokerVersion: matching(brokerVersion, /^.{1,64}$/),
      timeUnixMs: count(timeUnixMs),
      namespaces: list(namespaces).map(namespaceOf),
    };
  } catch (error) {
    throw notUnderstood(folder, "a value in it is not what it should be", error);
  }
}

function namespaceOf(value: unknown): NamespaceManifest {
  const content = record(value);
  return {
    name: matching(content["name"], /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/),
    journalId: matching(content["journalId"], /^[0-9a-f]{32}$/),
    firstSequence: sequence(content["firstSequence"]),
    lastSequence: sequence(content["lastSequence"]),
    checkpointSequence: sequence(content["checkpointSequence"]),
    stateSha256: matching(content["stateSha256"], /^[0-9a-f]{64}$/),
    files: list(content["files"]).map((file) => {
      const { path, bytes, sha256 } = record(file);
      return {
        // Nothing else is ever written by a restore, whatever a manifest says.
        path: matching(path, STORED_PATH),
        bytes: count(bytes),
        sha256: matching(sha256, /^[0-9a-f]{64}$/),
      };
    }),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new TypeError("not an object");
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("not a list");
}

function matching(value: unknown, rule: RegExp): string {
  if (typeof value === "string" && rule.test(value)) return value;
  throw new TypeError(`not like ${rule}`);
}

function sequence(value: unknown): bigint {
  return BigInt(matching(value, /^\d{1,15}$/));
}

function count(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError("not a whole number");
}

function notUnderstood(folder: string, why: string, cause?: unknown): BackupError {
  return new BackupError(
    "no_backup",
    `The manifest of ${folder} is not understood: ${why}.`,
    cause,
  );
}
