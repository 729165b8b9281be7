import {
  Codec,
  crc32c,
  EventBody,
  EventHead,
  EventHeads,
  hasBit,
  PubSubError,
  RecordBatch,
  RetryCause,
  readBatch,
  type ScannedHeads,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import { excludedBits } from "../publishing/payload-index.js";
import type { DoomedEvents, DoomedRun } from "./doomed-events.js";

/** Decompresses bodies: `decompressBodies` of the protocol, or what counts its time. */
export type Decompress = (bytes: Uint8Array, codec: Codec, rawBytes: number) => Uint8Array;

/** What letters say beside the events. */
export interface LetterFacts {
  /** Name of the subscription. */
  readonly subscription: string;
  /** Topic of the letters. */
  readonly topic: string;
  /** When they are stored, milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Bytes of heads and bodies at most, or one event. */
  readonly bytesMax: number;
  /** How compressed bodies are read. */
  readonly decompress: Decompress;
}

/** Letters for a prefix of the doomed events. */
export interface Letters {
  /** The letters as a batch, without offset and time of storing. */
  readonly batch: RecordBatch;
  /** The events that they are made of. */
  readonly doomed: DoomedEvents;
}

const causes: Readonly<Record<number, string>> = {
  [RetryCause.NACK]: "nack",
  [RetryCause.DEADLINE]: "deadline",
  [RetryCause.DISCONNECT]: "disconnect",
};

const nothing = new Uint8Array(0);

const nanosecondsPerMs = 1_000_000n;

/** Bytes of framing that a head needs at most. */
const headFramingBytes = 6;

/**
 * Bodies before compression; `undefined` where they will never decompress, because the broker takes them
 * as they come. Throws CODEC_NOT_SUPPORTED, which another start may mend.
 */
function bodiesOf({ bodies, codec, bodiesRawBytes }: RecordBatch, decompress: Decompress) {
  if (codec === Codec.UNSPECIFIED) return bodies;
  try {
    return decompress(bodies, codec, bodiesRawBytes);
  } catch (error) {
    if (error instanceof PubSubError && error.reason !== "CODEC_NOT_SUPPORTED") return undefined;
    throw error;
  }
}

/** The envelope as it was, with everything that its batch said filled in; it never expires. */
function headOf(batch: RecordBatch, heads: ScannedHeads, index: number): EventHead {
  const appended = batch.appendTimeUnixMs * nanosecondsPerMs;
  return EventHead.create({
    id: heads.id(index),
    source: heads.source(index),
    type: heads.type(index),
    subject: heads.text(index, "subject"),
    timeUnixNs: heads.timeUnixNs(index) ?? appended,
    correlationId: heads.correlationId(index),
    causationId: heads.causationId(index),
    orderingKey: heads.orderingKey(index),
  });
}

/** What a letter adds to the event's body: protobuf joins maps that are written one after another. */
function additionOf(
  { topic, partition, baseOffset }: RecordBatch,
  index: number,
  { attempts, cause, reason }: DoomedRun,
  facts: LetterFacts & { readonly isReadable: boolean },
): Uint8Array {
  const attributes = {
    dlsubscription: facts.subscription,
    dlcause: causes[cause] ?? "",
    dlattempts: String(attempts),
    dlreason: reason,
    dltopic: topic,
    dlpartition: String(partition),
    dloffset: String(baseOffset + BigInt(index)),
    dltime: new Date(facts.nowMs).toISOString(),
    ...(facts.isReadable ? {} : { dldata: "unreadable" }),
  };
  return EventBody.encode(EventBody.fromPartial({ attributes })).finish();
}

class LetterWriter {
  readonly heads: EventHead[] = [];
  readonly bodies: Uint8Array[] = [];
  bytes = 0;
  bodiesBytes = 0;

  /** Adds a letter unless it does not fit; the first one always does. */
  add(head: EventHead, parts: readonly Uint8Array[], bytesMax: number): boolean {
    const bodyLength = parts.reduce((sum, { length }) => sum + length, 0);
    const whole = { ...head, bodyLength };
    const size = EventHead.encode(whole).finish().length + headFramingBytes + bodyLength;
    if (this.heads.length > 0 && this.bytes + size > bytesMax) return false;
    this.heads.push(whole);
    this.bodies.push(...parts);
    this.bytes += size;
    this.bodiesBytes += bodyLength;
    return true;
  }

  /** All bodies one after another. */
  joined(): Uint8Array {
    const all = new Uint8Array(this.bodiesBytes);
    let at = 0;
    for (const part of this.bodies) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** Calls for each event of a run until one does not fit; answers how far it came. */
function throughOf({ first, last }: DoomedRun, add: (index: number) => boolean): number {
  for (let index = first; index <= last; index += 1) if (!add(index)) return index - 1;
  return last;
}

/**
 * Makes dead letters: the events as they were, with what became of them as attributes. Bodies are
 * not decoded. As many events as fit `bytesMax`, from the first on, at least one.
 *
 * @param stored the batch of `doomed.ref`; its base offset is that of the log
 * @throws {@link PubSubError} BATCH_MALFORMED, BATCH_COUNT_MISMATCH, CODEC_NOT_SUPPORTED where the
 * batch cannot be read
 */
export function deadLetters(
  stored: StoredBatch,
  doomed: DoomedEvents,
  facts: LetterFacts,
): Letters | undefined {
  const { batch } = stored;
  if (batch === undefined || doomed.runs.length === 0) return undefined;
  const origin = { ...batch, baseOffset: doomed.ref.baseOffset };
  const heads = readBatch(batch, { verifyChecksums: false });
  const bodies = bodiesOf(batch, facts.decompress);
  const told = { ...facts, isReadable: bodies !== undefined };
  const excluded = excludedBits(stored);
  const writer = new LetterWriter();
  const taken: DoomedRun[] = [];
  for (const run of doomed.runs) {
    const through = throughOf(run, (at) => {
      const index = at - doomed.ref.firstIndex;
      if (hasBit(excluded, index) || hasBit(doomed.ref.excluded, index)) return true;
      const { start, end } = heads.bodyRange(index);
      const body = bodies?.subarray(start, end) ?? nothing;
      const parts = [body, additionOf(origin, index, run, told)];
      return writer.add(headOf(origin, heads, index), parts, facts.bytesMax);
    });
    if (through >= run.first) taken.push({ ...run, last: through });
    if (through < run.last) break;
  }
  const letterHeads = EventHeads.encode({ heads: writer.heads }).finish();
  const letterBodies = writer.joined();
  return {
    doomed: { ...doomed, runs: taken },
    batch: RecordBatch.fromPartial({
      topic: facts.topic,
      count: writer.heads.length,
      heads: letterHeads,
      headsCrc32c: crc32c(letterHeads),
      bodies: letterBodies,
      bodiesCrc32c: crc32c(letterBodies),
      bodiesRawBytes: letterBodies.length,
    }),
  };
}
