import { CursorException, CursorState, PartitionStart, Priority } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overlay, runsFrom, settledRun } from "../delivery/exception-runs.js";
import { type Lane, lanes } from "../delivery/lane.js";
import type { LanePosition } from "../delivery/lane-state.js";
import { startOf } from "../delivery/partition-start.js";
import { isBefore } from "../delivery/position.js";
import {
  type AtCursor,
  type FullPosition,
  partitionText,
  type SoughtOffset,
  soughtByOffset,
  type TopicPartition,
} from "./seek-offset.js";

interface Batch extends TopicPartition {
  readonly lane: Lane;
  readonly sequence: bigint;
  readonly firstIndex: number;
  readonly count: number;
  readonly baseOffset: bigint;
}

interface ModelEvent extends TopicPartition {
  readonly batch: Batch;
  readonly sequence: bigint;
  readonly index: number;
  readonly offset: bigint;
  readonly name: string;
}

const partitions: readonly TopicPartition[] = [
  { topicId: 1, partition: 0 },
  { topicId: 1, partition: 1 },
  { topicId: 2, partition: 0 },
];

function eventsOf(batch: Batch): ModelEvent[] {
  const { topicId, partition, sequence, firstIndex, baseOffset } = batch;
  return Array.from({ length: batch.count }, (_, i) => ({
    topicId,
    partition,
    batch,
    sequence,
    index: firstIndex + i,
    offset: baseOffset + BigInt(i),
    name: `${sequence}.${firstIndex + i}`,
  }));
}

/** Every event there is, and by plain sets which of them wait for the subscription. */
class Model {
  readonly batches: Batch[] = [];
  readonly unsettled = new Set<string>();
  nextSequence = 1n;
  readonly #next = new Map<string, bigint>();

  nextOffset(place: TopicPartition): bigint {
    return this.#next.get(partitionText(place)) ?? 0n;
  }

  events(): ModelEvent[] {
    return this.batches.flatMap(eventsOf);
  }

  append(batches: readonly { place: TopicPartition; lane: Lane; count: number }[]): void {
    const sequence = this.nextSequence++;
    let firstIndex = 0;
    for (const { place, lane, count } of batches) {
      const baseOffset = this.nextOffset(place);
      const batch = { ...place, lane, sequence, firstIndex, count, baseOffset };
      this.batches.push(batch);
      this.#next.set(partitionText(place), baseOffset + BigInt(count));
      firstIndex += count;
      for (const { name } of eventsOf(batch)) this.unsettled.add(name);
    }
  }

  seek(place: TopicPartition, offset: bigint): void {
    for (const event of this.events()) {
      if (partitionText(event) !== partitionText(place)) continue;
      if (event.offset >= offset) this.unsettled.add(event.name);
      else this.unsettled.delete(event.name);
    }
  }
}

/** The stored position, read as the delivery reads it. */
class Stored {
  position: FullPosition;
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
    this.position = {
      partitionStarts: [],
      lanes: lanes.map((lane) => ({
        lane,
        cursor: CursorState.create({ sequence: 1n }),
        exceptions: new Map(),
      })),
    };
  }

  unsettled(): Set<string> {
    const waiting = this.#model.events().filter((event) => this.#isUnsettled(event));
    return new Set(waiting.map(({ name }) => name));
  }

  settle(name: string): void {
    const event = this.#model.events().find((each) => each.name === name) as ModelEvent;
    this.#change(event.batch.lane, ({ cursor, exceptions }) => {
      const runs = [...(exceptions.get(event.sequence)?.runs ?? [])];
      overlay(runs, settledRun(event.index, event.index));
      return {
        cursor,
        exceptions: new Map(exceptions).set(event.sequence, CursorException.create({ runs })),
      };
    });
  }

  /** Moves a lane's cursor to its first unsettled event, or to the end of what was examined. */
  advance(lane: Lane, examinedThrough: bigint): void {
    const first = this.#model
      .events()
      .find((event) => event.batch.lane === lane && this.#isUnsettled(event));
    this.#change(lane, ({ cursor, exceptions }) => {
      const end = { sequence: examinedThrough + 1n, index: 0 };
      const to = first !== undefined && isBefore(first, end) ? first : end;
      if (!isBefore(cursor, to)) return { cursor, exceptions };
      const kept = new Map<bigint, CursorException>();
      for (const [sequence, { runs }] of exceptions) {
        const left = sequence === to.sequence ? runsFrom(runs, to.index) : [...runs];
        if (sequence >= to.sequence && left.length > 0) {
          kept.set(sequence, CursorException.create({ runs: left }));
        }
      }
      const { sequence, index } = to;
      return { cursor: { ...cursor, sequence, index }, exceptions: kept };
    });
  }

  seek(place: TopicPartition, offset: bigint): void {
    const events = this.#model.events();
    const at = events.find(
      (event) => partitionText(event) === partitionText(place) && event.offset >= offset,
    );
    const own = new Map<bigint, { first: number; last: number }[]>();
    for (const batch of this.#model.batches) {
      if (partitionText(batch) !== partitionText(place)) continue;
      const range = { first: batch.firstIndex, last: batch.firstIndex + batch.count - 1 };
      own.set(batch.sequence, [...(own.get(batch.sequence) ?? []), range]);
    }
    const sought: SoughtOffset = {
      ...place,
      offset,
      sequence: at?.sequence ?? this.#model.nextSequence,
      ownRanges: own,
      atCursor: new Map(this.position.lanes.map((lane) => [lane.lane, this.#atCursor(lane)])),
    };
    this.position = soughtByOffset(this.position, sought);
  }

  #atCursor({ lane, cursor }: LanePosition): AtCursor {
    const straddled = this.#model.batches.find(
      (batch) =>
        batch.lane === lane &&
        batch.sequence === cursor.sequence &&
        batch.firstIndex < cursor.index &&
        cursor.index < batch.firstIndex + batch.count,
    );
    const offsets = new Map<string, bigint>();
    for (const place of partitions) {
      const next = this.#model
        .events()
        .find((event) => partitionText(event) === partitionText(place) && !isBefore(event, cursor));
      offsets.set(partitionText(place), next?.offset ?? this.#model.nextOffset(place));
    }
    return { straddled, offsets };
  }

  #change(
    lane: Lane,
    change: (position: LanePosition) => Pick<LanePosition, "cursor" | "exceptions">,
  ): void {
    this.position = {
      ...this.position,
      lanes: this.position.lanes.map((each) =>
        each.lane === lane ? { lane, ...change(each) } : each,
      ),
    };
  }

  #isUnsettled(event: ModelEvent): boolean {
    const { lane, sequence, firstIndex } = event.batch;
    const position = this.position.lanes.find((each) => each.lane === lane) as LanePosition;
    const { cursor, exceptions } = position;
    if (isBefore(event, cursor)) return false;
    const start = startOf(this.position.partitionStarts, lane, event);
    const floor = { sequence: cursor.floorSequence, index: cursor.floorIndex };
    const isBelowFloor = isBefore({ sequence, index: firstIndex }, floor);
    if (start === undefined ? isBelowFloor : event.offset < start) return false;
    const runs = exceptions.get(event.sequence)?.runs ?? [];
    return !runs.some(({ first, last }) => first <= event.index && event.index <= last);
  }
}

const place = fc.constantFrom(...partitions);
const lane = fc.constantFrom(...lanes);
const count = fc.integer({ min: 1, max: 4 });
// Settles come from the oldest events, so that cursors move on and stand within batches.
const step = fc.oneof(
  fc.record({
    kind: fc.constant("append" as const),
    batches: fc.array(fc.record({ place, lane, count }), { minLength: 1, maxLength: 3 }),
  }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("settle" as const), chance: fc.nat() }) },
  fc.record({ kind: fc.constant("advance" as const), lane, chance: fc.nat() }),
  fc.record({ kind: fc.constant("seek" as const), place, chance: fc.nat() }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function settleOne(chance: number, model: Model, stored: Stored): void {
  const waiting = model.events().filter(({ name }) => model.unsettled.has(name));
  const event = waiting[chance % Math.min(6, waiting.length)];
  if (event === undefined) return;
  model.unsettled.delete(event.name);
  stored.settle(event.name);
}

function carryOut(each: Step, model: Model, stored: Stored): void {
  switch (each.kind) {
    case "append":
      model.append(each.batches);
      break;
    case "settle":
      settleOne(each.chance, model, stored);
      break;
    case "advance":
      stored.advance(each.lane, BigInt(each.chance) % model.nextSequence);
      break;
    case "seek": {
      const offset = BigInt(each.chance) % (model.nextOffset(each.place) + 1n);
      model.seek(each.place, offset);
      stored.seek(each.place, offset);
      break;
    }
  }
}

describe("soughtByOffset", () => {
  it("lets one topic-partition begin anew and leaves all others as they are", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const model = new Model();
        const stored = new Stored(model);
        for (const each of steps) {
          carryOut(each, model, stored);
          expect(stored.unsettled()).toEqual(model.unsettled);
          expect(stored.position.partitionStarts.length).toBeLessThanOrEqual(
            partitions.length * lanes.length,
          );
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("refuses more topic-partitions than may have starts of their own", () => {
    const starts = Array.from({ length: 64 }, (_, topicId) =>
      PartitionStart.create({ topicId, offset: 9n }),
    );
    const offsets = new Map(starts.map((start) => [partitionText(start), 3n]));
    const before: FullPosition = {
      partitionStarts: starts,
      lanes: [
        {
          lane: Priority.NORMAL,
          cursor: CursorState.create({ sequence: 5n }),
          exceptions: new Map(),
        },
      ],
    };
    const sought = (topicId: number): SoughtOffset => ({
      topicId,
      partition: 0,
      offset: 0n,
      sequence: 1n,
      ownRanges: new Map(),
      atCursor: new Map([[Priority.NORMAL, { straddled: undefined, offsets }]]),
    });
    expect(soughtByOffset(before, sought(3)).partitionStarts).toHaveLength(64);
    expect(() => soughtByOffset(before, sought(64))).toThrow(/at most 64 topic-partitions/);
  });
});
