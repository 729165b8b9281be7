import fc from "fast-check";
import { expect, it } from "vitest";
import { Batcher, type BatcherItem, type Frame } from "./batcher.js";

interface Numbered {
  readonly lane: string;
  readonly number: number;
  readonly takes: "event" | "batch" | "frame";
}

const BOUNDS = {
  eagerFrames: 2,
  frameBytesTarget: 100,
  frameBatchesMax: 3,
  batchEventsMax: 5,
  batchOverheadBytes: 1,
  placeBatchesMax: 4,
};

/** Two lanes go to one place. */
const placeOf = (lane: string) => (lane === "b" ? "a" : lane);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      lane: fc.constantFrom("a", "b", "c", "d"),
      bytes: fc.integer({ min: 1, max: 130 }),
      takes: fc.constantFrom("event" as const, "batch" as const, "frame" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      framesMax: fc.integer({ min: 1, max: 6 }),
      creditBytes: fc.integer({ min: 0, max: 500 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("ack" as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("break" as const) }) },
);

/** Everything that a broker which stores repetitions once would hold, by the frames it was sent. */
class Model {
  readonly batcher = new Batcher<Numbered>(BOUNDS);
  readonly added: Numbered[] = [];
  readonly acked: Numbered[] = [];
  readonly #everSent: Frame<Numbered>[] = [];
  #inFlight: Frame<Numbered>[] = [];
  #again = 0;
  #ackedFrames = 0;

  add(lane: string, bytes: number, takes: Numbered["takes"]): void {
    const value = { lane, number: this.added.length, takes };
    this.added.push(value);
    const kind = { isWhole: takes === "batch", isAlone: takes === "frame" };
    const item: BatcherItem<Numbered> = { lane, bytes, ...kind, places: [placeOf(lane)], value };
    this.batcher.add(item);
  }

  send(window: { framesMax: number; creditBytes: number }): boolean {
    const frame = this.batcher.next(window);
    if (frame === undefined) return false;
    expect(this.#inFlight.length).toBeLessThan(window.framesMax);
    const bytesBefore = this.#inFlight.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#inFlight.length > 0)
      expect(bytesBefore + frame.bytes).toBeLessThanOrEqual(window.creditBytes);
    if (this.#again > 0) {
      expect(frame).toBe(this.#everSent[this.#everSent.length - this.#again]);
      this.#again -= 1;
    } else {
      this.#everSent.push(frame);
      this.#checkBounds(frame);
      this.#checkPlaces();
    }
    this.#inFlight.push(frame);
    return true;
  }

  ack(share: number): void {
    const frames = this.batcher.acked(Math.floor(this.#inFlight.length * share));
    expect(frames).toEqual(this.#inFlight.splice(0, frames.length));
    this.#ackedFrames += frames.length;
    this.acked.push(...frames.flatMap(({ batches }) => batches.flatMap(({ values }) => values)));
  }

  breakStream(): void {
    this.batcher.reset();
    this.#again += this.#inFlight.length;
    this.#inFlight = [];
  }

  /** A broker knows again what is sent again only while it is among so many of its place. */
  #checkPlaces(): void {
    const unacked = this.#everSent.slice(this.#ackedFrames).flatMap(({ batches }) => batches);
    for (const place of ["a", "c", "d"]) {
      const batches = unacked.filter(({ lane }) => placeOf(lane) === place);
      expect(batches.length).toBeLessThanOrEqual(BOUNDS.placeBatchesMax);
    }
  }

  #checkBounds({ batches, bytes }: Frame<Numbered>): void {
    const values = batches.flatMap((batch) => batch.values);
    expect(batches.length).toBeLessThanOrEqual(BOUNDS.frameBatchesMax);
    if (values.some(({ takes }) => takes === "frame")) expect(values.length).toBe(1);
    if (values.length > 1) expect(bytes).toBeLessThanOrEqual(BOUNDS.frameBytesTarget);
    for (const batch of batches) {
      if (batch.values.some(({ takes }) => takes === "batch")) expect(batch.values.length).toBe(1);
      expect(batch.values.length).toBeLessThanOrEqual(BOUNDS.batchEventsMax);
      expect(new Set(batch.values.map(({ lane }) => lane))).toEqual(new Set([batch.lane]));
    }
  }
}

it("acknowledges everything once, in the order of each lane, whatever breaks", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const model = new Model();
      for (const one of steps) {
        if (one.kind === "add") model.add(one.lane, one.bytes, one.takes);
        else if (one.kind === "send") model.send(one);
        else if (one.kind === "ack") model.ack(one.share);
        else model.breakStream();
      }
      while (!model.batcher.isIdle) {
        model.send({ framesMax: 64, creditBytes: 1_000 });
        model.ack(1);
      }
      expect(model.acked.length).toBe(model.added.length);
      for (const lane of ["a", "b", "c", "d"]) {
        const numbers = model.acked
          .filter((value) => value.lane === lane)
          .map(({ number }) => number);
        expect(numbers).toEqual(
          model.added.filter((value) => value.lane === lane).map(({ number }) => number),
        );
      }
      expect(model.batcher.waitingBytes).toBe(0);
    }),
  );
});
