import { castagnoli } from "./checksum.js";
import type { ReadAt } from "./file-window.js";
import { LevelBytes } from "./level-bytes.js";
import { masked } from "./level-log.js";
import { type LevelPair, tablePair, userKeyOf } from "./level-pair.js";

const FOOTER_BYTES = 48;
const MAGIC = Buffer.from("57fb808b247547db", "hex");
/** Type and checksum behind each block. */
const TRAILER_BYTES = 5;
/** The journal turns compression off. */
const UNCOMPRESSED = 0;

/** A block of a table. */
export interface LevelBlock {
  /** Byte position in the file. */
  readonly position: number;
  /** Bytes without its trailer. */
  readonly bytes: number;
  /** Whether its checksum is right and it is not compressed. */
  readonly isSound: boolean;
}

/** A block of pairs, with a key at or above all in it. */
export interface LevelDataBlock extends Omit<LevelBlock, "isSound"> {
  /** A key at or above all of the block, and below all of the next. */
  readonly last: Uint8Array;
}

/** An immutable table of LevelDB, read without LevelDB, which does not verify what it reads. */
export class LevelTable {
  readonly #read: ReadAt;
  /** Blocks of pairs, ascending. */
  readonly blocks: readonly LevelDataBlock[];
  /** Blocks beside those that are damaged; they hold what only speeds up reading. */
  readonly damagedAids: readonly LevelBlock[];

  private constructor(
    read: ReadAt,
    blocks: readonly LevelDataBlock[],
    damagedAids: readonly LevelBlock[],
  ) {
    this.#read = read;
    this.blocks = blocks;
    this.damagedAids = damagedAids;
  }

  /** Reads footer and index; undefined where they are damaged. */
  static async open(read: ReadAt, bytes: number): Promise<LevelTable | undefined> {
    if (bytes < FOOTER_BYTES) return undefined;
    const footer = await readBytes(read, bytes - FOOTER_BYTES, FOOTER_BYTES);
    if (!footer.subarray(-MAGIC.length).equals(MAGIC)) return undefined;
    try {
      const handles = new LevelBytes(footer);
      const [metaAt, indexAt] = [handleOf(handles), handleOf(handles)];
      const index = await readBlock(read, { ...indexAt, end: bytes });
      if (!index.isSound) return undefined;
      const blocks = entriesOf(index.content).map(({ key, value }) => ({
        ...handleOf(new LevelBytes(value)),
        last: userKeyOf(key),
      }));
      return new LevelTable(read, blocks, await damagedAids(read, { ...metaAt, end: bytes }));
    } catch {
      // A checksum that is right by chance, or a footer whose positions lead nowhere.
      return undefined;
    }
  }

  /** The pairs of a block; undefined where it is damaged. */
  async pairs({ position, bytes }: LevelDataBlock): Promise<LevelPair[] | undefined> {
    const end = position + bytes + TRAILER_BYTES;
    const block = await readBlock(this.#read, { position, bytes, end });
    if (!block.isSound) return undefined;
    try {
      return entriesOf(block.content).map(({ key, value }) => tablePair(key, value));
    } catch {
      return undefined;
    }
  }
}

interface Handle {
  readonly position: number;
  readonly bytes: number;
}

function handleOf(bytes: LevelBytes): Handle {
  return { position: bytes.varint(), bytes: bytes.varint() };
}

/** The bytes at a place, fewer where the file ends. */
export async function readBytes(read: ReadAt, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const count = await read(buffer.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

async function readBlock(
  read: ReadAt,
  { position, bytes, end }: Handle & { readonly end: number },
): Promise<LevelBlock & { readonly content: Buffer }> {
  const length = bytes + TRAILER_BYTES;
  const whole = position + length > end ? Buffer.alloc(0) : await readBytes(read, position, length);
  const content = whole.subarray(0, bytes);
  const isSound =
    whole.length === length &&
    masked(castagnoli(whole.subarray(0, bytes + 1))) === whole.readUInt32LE(bytes + 1) &&
    whole[bytes] === UNCOMPRESSED;
  return { position, bytes: length, isSound, content };
}

/** The block that names filters, and those, as far as they are damaged. */
async function damagedAids(
  read: ReadAt,
  place: Handle & { readonly end: number },
): Promise<LevelBlock[]> {
  const { content, ...meta } = await readBlock(read, place);
  if (!meta.isSound) return [meta];
  const damaged: LevelBlock[] = [];
  for (const { value } of entriesOf(content)) {
    const { position, bytes, isSound } = await readBlock(read, {
      ...handleOf(new LevelBytes(value)),
      end: place.end,
    });
    if (!isSound) damaged.push({ position, bytes, isSound });
  }
  return damaged;
}

/** Keys, each sharing bytes with the one before, and values. Throws `RangeError` on nonsense. */
function entriesOf(content: Buffer): { key: Buffer; value: Buffer }[] {
  const restarts = content.readUInt32LE(content.length - 4);
  const bytes = new LevelBytes(content.subarray(0, content.length - 4 * (restarts + 1)));
  const entries: { key: Buffer; value: Buffer }[] = [];
  let key = Buffer.alloc(0);
  while (!bytes.isDone) {
    const [shared, rest, length] = [bytes.varint(), bytes.varint(), bytes.varint()];
    if (shared > key.length) throw new RangeError("A key shares more than there is");
    key = Buffer.concat([key.subarray(0, shared), bytes.take(rest)]);
    entries.push({ key, value: bytes.take(length) });
  }
  return entries;
}
