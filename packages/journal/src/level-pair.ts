import { LevelBytes } from "./level-bytes.js";

/** One change of a key as LevelDB's files hold it, whatever came later. */
export interface LevelPair {
  /** The key as its user gave it. */
  readonly key: Uint8Array;
  /** LevelDB's own number of the change: of the same key the highest counts. */
  readonly order: bigint;
  /** The value; absent where the key was removed. */
  readonly value?: Uint8Array;
}

const REMOVED = 0;
const PUT = 1;
const TAG_BYTES = 8;
const BATCH_HEAD_BYTES = 12;

/** The pair of a table's key, which ends in number and type, and its value. Throws `RangeError`. */
export function tablePair(internalKey: Buffer, value: Uint8Array): LevelPair {
  const key = userKeyOf(internalKey);
  const tag = internalKey.readBigUInt64LE(key.length);
  const order = tag >> 8n;
  const type = Number(tag & 255n);
  if (type === PUT) return { key, order, value };
  if (type === REMOVED) return { key, order };
  throw new RangeError(`A key has the type ${type}`);
}

/** A table's key without number and type. Throws `RangeError` where it is too short. */
export function userKeyOf(internalKey: Uint8Array): Uint8Array {
  if (internalKey.length < TAG_BYTES) throw new RangeError("A key is too short");
  return internalKey.subarray(0, internalKey.length - TAG_BYTES);
}

/** The changes of a batch in LevelDB's log, in order. Throws `RangeError` where it is none. */
export function batchPairs(payload: Buffer): LevelPair[] {
  const first = payload.readBigUInt64LE(0);
  const count = payload.readUInt32LE(8);
  const bytes = new LevelBytes(payload.subarray(BATCH_HEAD_BYTES));
  const pairs: LevelPair[] = [];
  while (!bytes.isDone) {
    const [type] = bytes.take(1);
    const order = first + BigInt(pairs.length);
    const key = bytes.slice();
    if (type === PUT) pairs.push({ key, order, value: bytes.slice() });
    else if (type === REMOVED) pairs.push({ key, order });
    else throw new RangeError(`A change has the type ${type}`);
  }
  if (pairs.length !== count) throw new RangeError("A batch has another number of changes");
  return pairs;
}

/** The order of LevelDB's tables: by key, then the newest change first. */
export function comparePairs(one: LevelPair, other: LevelPair): number {
  const byKey = Buffer.compare(one.key, other.key);
  if (byKey !== 0) return byKey;
  if (one.order === other.order) return 0;
  return one.order > other.order ? -1 : 1;
}
