import { FIRST, FULL, LAST, type LevelLog, recordsOfLog, type SoundRecord } from "./level-log.js";

/** What one of LevelDB's logs holds at a place. */
export interface LevelLogPart {
  /** A whole batch; absent where something is damaged, torn or left of a batch. */
  readonly payload?: Buffer;
  /** Byte position of its start. */
  readonly position: number;
  /** Byte position behind it. */
  readonly end: number;
}

/** Goes through a log to its end, whatever it finds: whole batches, and what is none in between. */
export async function* levelBatches(log: LevelLog): AsyncGenerator<LevelLogPart> {
  const batch = new BegunBatch();
  /** End of what was told. */
  let told = 0;
  for await (const { start, found } of recordsOfLog(log)) {
    const whole = found.kind === "damage" ? batch.drop() : batch.take(start, found);
    if (whole === undefined) continue;
    const { payload, position } = whole;
    if (whole.isBehindDamage) yield { position: told, end: position };
    told = start + whole.end;
    yield { payload, position, end: told };
  }
  if (told < log.bytes) yield { position: told, end: log.bytes };
}

interface WholeBatch {
  readonly payload: Buffer;
  readonly position: number;
  /** Position behind it within the block of its last record. */
  readonly end: number;
  readonly isBehindDamage: boolean;
}

/** The batch that records are put together to. */
class BegunBatch {
  #parts: Buffer[] | undefined;
  #position = 0;
  /** Whether something was dropped since the last whole batch. */
  #isBroken = false;

  /** What was begun is lost. */
  drop(): undefined {
    this.#isBroken = true;
    this.#parts = undefined;
  }

  /** Takes a record of the block that begins at `start`; answers the batch that it completes. */
  take(start: number, { type, body, at, end }: SoundRecord): WholeBatch | undefined {
    const isFirst = type === FULL || type === FIRST;
    // A batch that was begun and not completed, or the rest of one whose beginning is lost.
    if (isFirst === (this.#parts !== undefined)) this.drop();
    if (isFirst) {
      this.#parts = [];
      this.#position = start + at;
    }
    this.#parts?.push(body);
    if (this.#parts === undefined || (type !== FULL && type !== LAST)) return undefined;
    const isBehindDamage = this.#isBroken;
    const payload = this.#parts.length === 1 ? body : Buffer.concat(this.#parts);
    this.#parts = undefined;
    this.#isBroken = false;
    return { payload, position: this.#position, end, isBehindDamage };
  }
}
