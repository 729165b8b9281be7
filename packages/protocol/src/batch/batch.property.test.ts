import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countBits, isSelected, selectionOf } from "../bitmap.js";
import { crc32c, crc32cPortable } from "../checksum.js";
import { Entry } from "../gen/opendxa/pubsub/storage/v1/entry.js";
import { Codec, RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { EventBody, EventHead, EventHeads } from "../gen/opendxa/pubsub/v1/event.js";
import { ReadEventsResponse } from "../gen/opendxa/pubsub/v1/query_service.js";
import { SubscribeResponse } from "../gen/opendxa/pubsub/v1/subscriber_service.js";
import { PubSubError } from "../pubsub-error.js";
import { decodeEntry, encodeEntryParts } from "../storage/entry-codec.js";
import { encodeReadEventsResponse, encodeSubscribeDelivery } from "../storage/response-codec.js";
import { batchBytes } from "./batch-bytes.js";
import { checkBatch } from "./check-batch.js";
import { supportedCodecs } from "./compression.js";
import { decodeBatch } from "./decode-batch.js";
import { decodedEventParts } from "./decode-counter.js";
import { encodeBatch, estimateEventBytes } from "./encode-batch.js";
import { gatherBatch } from "./gather-batch.js";
import type { OutgoingEvent } from "./outgoing-event.js";

const LETTERS = fc.constantFrom("a", "Z", "9", "-", "/", "é", "ß", "漢", "🛰", " ");

function textOf(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(LETTERS, { minLength, maxLength }).map((letters) => letters.join(""));
}

/** Few values, so that events often share them and they are hoisted. */
function sharedText(minLength = 0): fc.Arbitrary<string | undefined> {
  return fc.option(fc.oneof(fc.constant("same"), textOf(minLength, 60)), { nil: undefined });
}

const int64 = fc.option(fc.oneof(fc.constant(5n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), {
  nil: undefined,
});

const outgoing: fc.Arbitrary<OutgoingEvent> = fc.record({
  id: textOf(1, 30),
  source: sharedText(1),
  type: fc.oneof(fc.constant("drift.detected"), textOf(1, 20)),
  subject: sharedText(),
  timeUnixNs: int64,
  correlationId: sharedText(),
  causationId: sharedText(),
  orderingKey: sharedText(),
  expireTimeUnixMs: int64,
  data: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
  dataContentType: sharedText(),
  dataSchema: sharedText(),
  metadata: fc.option(
    fc.record({ version: textOf(0, 5), service: textOf(0, 50), environment: textOf(0, 3) }),
    { nil: undefined },
  ),
  attributes: fc.option(
    fc.dictionary(textOf(0, 12), textOf(0, 60), { maxKeys: 8, noNullPrototype: true }),
    {
      nil: undefined,
    },
  ),
  traceparent: sharedText(),
  tracestate: sharedText(),
});

const events = fc.array(outgoing, { minLength: 1, maxLength: 12 });

const producer = fc.option(
  fc.record({
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    epoch: fc.nat(),
    baseSequence: fc.bigInt(0n, 2n ** 64n - 100n),
  }),
  { nil: undefined },
);

const batches = fc
  .record({ events, producer, codec: fc.constantFrom(Codec.UNSPECIFIED, ...supportedCodecs()) })
  .map((options) => ({
    options,
    batch: {
      ...encodeBatch({ topic: "a/b", ...options }),
      baseOffset: 2n ** 40n,
      appendTimeUnixMs: 1_760_000_000_000n,
    },
  }));

function generatedBody(event: OutgoingEvent): Uint8Array {
  return EventBody.encode({
    data: event.data ?? new Uint8Array(0),
    dataContentType: event.dataContentType ?? "",
    dataSchema: event.dataSchema ?? "",
    metadata: event.metadata,
    attributes: { ...event.attributes },
    traceparent: event.traceparent ?? "",
    tracestate: event.tracestate ?? "",
  }).finish();
}

function generatedHead(
  event: OutgoingEvent,
  bodyLength: number,
  defaults: Partial<EventHead>,
): EventHead {
  const own = Object.keys(EventHead.create()).map((name) => {
    const field = name as keyof EventHead;
    const value = field === "bodyLength" ? bodyLength : event[field];
    const shared = field === "bodyLength" ? (defaults.bodyLength ?? 0) : defaults[field];
    return [field, value === shared ? undefined : value];
  });
  return Object.fromEntries(own) as EventHead;
}

describe("encodeBatch", () => {
  it("writes heads and bodies byte for byte as the generated code", () => {
    fc.assert(
      fc.property(events, (given) => {
        const batch = encodeBatch({ topic: "t", events: given });
        const bodies = given.map(generatedBody);
        expect(Buffer.compare(batch.bodies, Buffer.concat(bodies))).toBe(0);
        const heads = given.map((event, index) =>
          generatedHead(event, bodies[index]?.length ?? 0, batch.defaults ?? {}),
        );
        expect(Buffer.compare(batch.heads, EventHeads.encode({ heads }).finish())).toBe(0);
      }),
    );
  });

  it("is read as it was given, whatever was hoisted or compressed", () => {
    fc.assert(
      fc.property(batches, ({ options, batch }) => {
        const read = decodeBatch(RecordBatch.decode(RecordBatch.encode(batch).finish()));
        read.forEach((event, index) => {
          const given = options.events[index];
          expect(event.id).toBe(given?.id);
          expect(event.subject).toBe(given?.subject);
          expect(event.correlationId).toBe(given?.correlationId);
          expect(event.orderingKey).toBe(given?.orderingKey);
          expect(event.timeUnixNs).toBe(given?.timeUnixNs ?? 1_760_000_000_000_000_000n);
          expect(event.expireTimeUnixMs).toBe(given?.expireTimeUnixMs);
          expect(Buffer.compare(event.data, given?.data ?? new Uint8Array(0))).toBe(0);
          expect(event.attributes).toEqual({ ...given?.attributes });
          expect(event.offset).toBe(2n ** 40n + BigInt(index));
        });
        expect(read).toHaveLength(options.events.length);
      }),
    );
  });

  it("knows sizes without serializing", () => {
    fc.assert(
      fc.property(batches, ({ options, batch }) => {
        expect(batchBytes(batch)).toBe(RecordBatch.encode(batch).finish().length);
        if (batch.codec !== Codec.UNSPECIFIED) return;
        const estimate = options.events.reduce((sum, event) => sum + estimateEventBytes(event), 0);
        expect(batch.heads.length + batch.bodies.length).toBeLessThanOrEqual(estimate);
      }),
    );
  });
});

describe("checkBatch", () => {
  it("takes every batch of encodeBatch and agrees with a full decode, decoding nothing itself", () => {
    fc.assert(
      fc.property(batches, ({ batch }) => {
        const before = decodedEventParts();
        const { heads, refusals } = checkBatch(batch);
        expect(refusals).toEqual([]);
        const scanned = Array.from({ length: batch.count }, (_, i) => ({
          id: heads.id(i),
          source: heads.source(i),
          type: heads.type(i),
          correlationId: heads.correlationId(i),
          causationId: heads.causationId(i),
          orderingKey: heads.orderingKey(i),
          expireTimeUnixMs: heads.expireTimeUnixMs(i),
        }));
        expect(decodedEventParts()).toBe(before);
        const decoded = decodeBatch(batch).map((event) => ({
          id: event.id,
          source: event.source || `/producers/${Buffer.from(batch.producerId).toString("hex")}`,
          type: event.type,
          correlationId: event.correlationId,
          causationId: event.causationId,
          orderingKey: event.orderingKey,
          expireTimeUnixMs: event.expireTimeUnixMs,
        }));
        expect(scanned).toEqual(decoded);
        expect(decodedEventParts()).toBeGreaterThan(before);
      }),
    );
  });

  const damage = fc.array(
    fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.nat(255) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );

  function damaged(bytes: Uint8Array, changes: readonly { at: number; to: number }[]): Uint8Array {
    const copy = Uint8Array.from(bytes);
    for (const { at, to } of changes) {
      if (copy.length > 0) copy[Math.floor(at * (copy.length - 1))] = to;
    }
    return copy;
  }

  function onlyTyped(action: () => void): void {
    try {
      action();
    } catch (error) {
      expect(error).toBeInstanceOf(PubSubError);
    }
  }

  it("answers damage with typed errors only, also where the checksums fit", () => {
    fc.assert(
      fc.property(batches, damage, fc.boolean(), ({ batch }, changes, inHeads) => {
        const heads = inHeads ? damaged(batch.heads, changes) : batch.heads;
        const bodies = inHeads ? batch.bodies : damaged(batch.bodies, changes);
        const hurt = {
          ...batch,
          heads,
          bodies,
          headsCrc32c: crc32c(heads),
          bodiesCrc32c: crc32c(bodies),
        };
        onlyTyped(() => {
          const checked = checkBatch(hurt);
          for (let i = 0; i < checked.heads.count; i += 1) {
            checked.heads.id(i);
            checked.heads.orderingKey(i);
            checked.heads.timeUnixNs(i);
          }
        });
        onlyTyped(() => {
          for (const event of decodeBatch(hurt)) event.toEvent();
        });
        onlyTyped(() => gatherBatch(hurt, selectionOf(hurt.count, [0])));
      }),
      { numRuns: 500 },
    );
  });

  it("answers any bytes at all with typed errors only", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(70_000),
        fc.nat(12),
        (bytes, count, codec) => {
          const batch = RecordBatch.fromPartial({
            topic: "t",
            count,
            codec: codec as Codec,
            heads: bytes,
            headsCrc32c: crc32c(bytes),
            bodiesCrc32c: crc32c(new Uint8Array(0)),
          });
          onlyTyped(() => checkBatch(batch));
          onlyTyped(() => decodeBatch(batch));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("notices every changed byte by its checksum", () => {
    fc.assert(
      fc.property(batches, damage, ({ batch }, changes) => {
        const heads = damaged(batch.heads, changes);
        fc.pre(Buffer.compare(heads, batch.heads) !== 0);
        expect(() => checkBatch({ ...batch, heads })).toThrow(/^BATCH_CHECKSUM_MISMATCH/);
      }),
    );
  });
});

describe("gatherBatch", () => {
  it("keeps offsets, ids and contents of the selected events", () => {
    fc.assert(
      fc.property(batches, fc.array(fc.nat(11), { minLength: 1 }), ({ batch }, picks) => {
        const selected = selectionOf(batch.count, new Set(picks.map((pick) => pick % batch.count)));
        const gathered = gatherBatch(batch, selected);
        if (batch.codec !== Codec.UNSPECIFIED) {
          expect(gathered).toBeUndefined();
          return;
        }
        if (gathered === undefined) throw new Error("not gathered");
        const wanted = decodeBatch(batch, { selected }).map((event) => event.toEvent());
        const found = decodeBatch(gathered.batch, { selected: gathered.selected });
        expect(found.map((event) => event.toEvent())).toEqual(wanted);
        expect(found.map((event) => event.index + gathered.firstIndex)).toEqual(
          decodeBatch(batch, { selected }).map(({ index }) => index),
        );
        expect(isSelected(gathered.selected, 0)).toBe(true);
        expect(gathered.batch.bodies.length).toBeLessThanOrEqual(batch.bodies.length);
      }),
    );
  });
});

describe("codecs that do not copy", () => {
  const storedBatches = fc.array(
    fc.record({
      topicId: fc.nat(),
      firstIndex: fc.nat(65_535),
      refused: fc.uint8Array({ maxLength: 3 }),
      duplicates: fc.uint8Array({ maxLength: 3 }),
      expires: fc.boolean(),
      deadLetters: fc.boolean(),
      batch: fc.option(
        batches.map(({ batch }) => batch),
        { nil: undefined },
      ),
    }),
    { maxLength: 4 },
  );

  it("writes journal entries as the generated code reads and writes them", () => {
    fc.assert(
      fc.property(storedBatches, fc.bigInt(0n, 2n ** 50n), (stored, timeUnixMs) => {
        const entry: Entry = {
          timeUnixMs,
          kind: { $case: "eventsPublished", value: {} },
          batches: stored,
        };
        const parts = encodeEntryParts(entry);
        const joined = Buffer.concat(parts);
        expect(Buffer.compare(joined, Entry.encode(entry).finish())).toBe(0);
        for (const { batch } of stored) {
          if (batch !== undefined) expect(parts).toContain(batch.heads);
        }
        const [first] = decodeEntry(joined).batches;
        if (first?.batch !== undefined) expect(first.batch.heads.buffer).toBe(joined.buffer);
      }),
    );
  });

  it("writes deliveries and reads that the generated code reads alike", () => {
    fc.assert(
      fc.property(
        fc.array(batches, { maxLength: 4 }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        (given, lease) => {
          const delivered = given.map(({ batch }, i) => ({
            lease,
            sequence: BigInt(i),
            firstIndex: i,
            batch,
            selected: new Uint8Array(i),
            attempt: i + 1,
            leaseEndUnixMs: 5n,
          }));
          const delivery = { batches: delivered };
          const plain = { message: { $case: "delivery" as const, value: delivery } };
          expect(
            SubscribeResponse.toJSON(SubscribeResponse.decode(encodeSubscribeDelivery(delivery))),
          ).toEqual(
            SubscribeResponse.toJSON(
              SubscribeResponse.decode(SubscribeResponse.encode(plain).finish()),
            ),
          );
          const reads = given.map(({ batch }, i) => ({
            batch,
            selected: new Uint8Array(i),
            sequence: BigInt(i),
            firstIndex: i,
          }));
          expect(
            ReadEventsResponse.toJSON(ReadEventsResponse.decode(encodeReadEventsResponse(reads))),
          ).toEqual(ReadEventsResponse.toJSON({ batches: reads }));
        },
      ),
    );
  });

  it("computes the same checksum with and without native code", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        (bytes) => crc32c(bytes) === crc32cPortable(bytes),
      ),
    );
  });

  it("selects as a set of indexes does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.array(fc.nat(99)), (count, picks) => {
        const wanted = new Set(picks.filter((pick) => pick < count));
        const selected = selectionOf(count, wanted);
        expect(selected.length === 0).toBe(wanted.size === count);
        if (selected.length > 0) expect(countBits(selected)).toBe(wanted.size);
        for (let i = 0; i < count; i += 1) expect(isSelected(selected, i)).toBe(wanted.has(i));
      }),
    );
  });
});
