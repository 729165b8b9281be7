import { join } from "node:path";
import type { Disk } from "./disk.js";
import type { FaultPlace } from "./journal-fault.js";
import { levelBatches } from "./level-batches.js";
import { LevelBytes } from "./level-bytes.js";
import { userKeyOf } from "./level-pair.js";

/** Name of the file that names the manifest. */
export const CURRENT_NAME = "CURRENT";

/** A table that belongs to the database. */
export interface LevelTableFacts {
  /** Its number, from which its name is made. */
  readonly number: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Lowest key. */
  readonly smallest: Uint8Array;
  /** Highest key. */
  readonly largest: Uint8Array;
}

/** Which files are a database, as its manifest says. */
export interface LevelVersion {
  /** File name of the manifest. */
  readonly manifest: string;
  /** Bytes of it that are whole records: what is behind them was never completed. */
  readonly manifestBytes: number;
  /** Tables by number. */
  readonly tables: ReadonlyMap<number, LevelTableFacts>;
  /** Number of the oldest log that is not yet in tables. */
  readonly logNumber: number;
}

/** A manifest that cannot be followed. */
export interface DamagedManifest {
  /** What is wrong. */
  readonly message: string;
  /** Where. */
  readonly place: FaultPlace;
}

const TABLE_NAME = /^(\d+)\.(?:ldb|sst)$/;
const LOG_NAME = /^(\d+)\.log$/;
const MANIFEST_NAME = /^MANIFEST-\d+\n$/;

/** Number of a table by its file name; undefined for another file. */
export function tableNumber(name: string): number | undefined {
  return numberIn(TABLE_NAME, name);
}

/** Number of a log by its file name; undefined for another file. */
export function logNumber(name: string): number | undefined {
  return numberIn(LOG_NAME, name);
}

function numberIn(pattern: RegExp, name: string): number | undefined {
  const digits = pattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Reads which files are the database. Rejects with the disk's errors where it refuses to. */
export async function readLevelVersion(
  disk: Disk,
  folder: string,
): Promise<LevelVersion | DamagedManifest> {
  const current = await contentOf(disk, join(folder, CURRENT_NAME));
  const name = current?.toString("latin1") ?? "";
  if (!MANIFEST_NAME.test(name)) return damagedAt(CURRENT_NAME, current?.length ?? 0);
  const manifest = name.trimEnd();
  const bytes = await contentOf(disk, join(folder, manifest));
  if (bytes === undefined) return damagedAt(manifest, 0);
  const read = async (buffer: Uint8Array, position: number): Promise<number> =>
    bytes.copy(buffer, 0, position);
  const tables = new Map<number, LevelTableFacts>();
  let [oldestLog, end, gap] = [0, 0, -1];
  for await (const part of levelBatches({ name: manifest, bytes: bytes.length, read })) {
    if (part.payload === undefined) {
      gap = part.position;
      continue;
    }
    if (gap >= 0) return damagedAt(manifest, part.position - gap, gap);
    try {
      oldestLog = applyEdit(part.payload, tables) ?? oldestLog;
    } catch {
      // A sound record that is no edit: by another hand, or of a version unknown here.
      return damagedAt(manifest, part.end - part.position, part.position);
    }
    end = part.end;
  }
  if (end === 0) return damagedAt(manifest, bytes.length);
  return { manifest, manifestBytes: end, tables, logNumber: oldestLog };
}

async function contentOf(disk: Disk, path: string): Promise<Buffer | undefined> {
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, "read");
  try {
    const content = Buffer.alloc(await file.size());
    const read = await file.read(content, 0);
    return content.subarray(0, read);
  } finally {
    await file.close();
  }
}

/** Applies a manifest's record to the tables; answers the oldest log where it names one. */
function applyEdit(payload: Buffer, tables: Map<number, LevelTableFacts>): number | undefined {
  const bytes = new LevelBytes(payload);
  let oldestLog: number | undefined;
  while (!bytes.isDone) {
    switch (bytes.varint()) {
      case 1: // Comparator.
        bytes.slice();
        break;
      case 2:
        oldestLog = bytes.varint();
        break;
      case 3: // Next file.
      case 4: // Last number of a change.
      case 9: // A log that older versions had beside.
        bytes.varint();
        break;
      case 5: // Where compaction goes on: level, key.
        bytes.varint();
        bytes.slice();
        break;
      case 6: // A table that went: level, number.
        bytes.varint();
        tables.delete(bytes.varint());
        break;
      case 7: {
        bytes.varint();
        const [number, length] = [bytes.varint(), bytes.varint()];
        const [smallest, largest] = [userKeyOf(bytes.slice()), userKeyOf(bytes.slice())];
        tables.set(number, { number, bytes: length, smallest, largest });
        break;
      }
      default:
        throw new RangeError("A manifest has a field that is unknown");
    }
  }
  return oldestLog;
}

function damagedAt(segment: string, bytes: number, position = 0): DamagedManifest {
  const message = `LevelDB's ${segment} is missing or damaged: every table is read, whether it counts or not`;
  return { message, place: { segment, position, bytes } };
}
