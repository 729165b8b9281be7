import { expect, it } from "vitest";
import { Batcher, type BatcherItem } from "./batcher.js";

const BOUNDS = {
  eagerFrames: 2,
  frameBytesTarget: 100,
  frameBatchesMax: 3,
  batchEventsMax: 4,
  batchOverheadBytes: 1,
  placeBatchesMax: 64,
};
const OPEN = { framesMax: 8, creditBytes: 1_000 };

function item(value: string, lane = "a", bytes = 10, isWhole = false): BatcherItem<string> {
  return { value, lane, bytes, isWhole, isAlone: false, places: [lane] };
}

function valuesOf(frame: ReturnType<Batcher<string>["next"]>): (readonly string[])[] | undefined {
  return frame?.batches.map(({ values }) => values);
}

it("sends at once while few frames are unacknowledged, then gathers", () => {
  const batcher = new Batcher<string>(BOUNDS);
  for (const value of ["1", "2"]) {
    batcher.add(item(value));
    expect(valuesOf(batcher.next(OPEN))).toEqual([[value]]);
  }
  batcher.add(item("3"));
  expect(batcher.next(OPEN)).toBeUndefined();
  batcher.add(item("4"));
  batcher.acked(1);
  expect(valuesOf(batcher.next(OPEN))).toEqual([["3", "4"]]);
});

it("sends a full frame although many are unacknowledged, and splits by its bounds", () => {
  const batcher = new Batcher<string>(BOUNDS);
  for (const value of ["1", "2"]) {
    batcher.add(item(value));
    batcher.next(OPEN);
  }
  for (let index = 0; index < 10; index += 1) batcher.add(item(String(index)));
  expect(batcher.isFull).toBe(true);
  expect(valuesOf(batcher.next(OPEN))).toEqual([["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8"]]);
});

it("keeps to credit and frames, but always lets one frame go", () => {
  const batcher = new Batcher<string>(BOUNDS);
  batcher.add(item("huge", "a", 5_000));
  expect(valuesOf(batcher.next({ framesMax: 1, creditBytes: 0 }))).toEqual([["huge"]]);
  batcher.add(item("next"));
  expect(batcher.next({ framesMax: 1, creditBytes: 10_000 })).toBeUndefined();
  expect(batcher.next({ framesMax: 2, creditBytes: 5_000 })).toBeUndefined();
  expect(valuesOf(batcher.next({ framesMax: 2, creditBytes: 6_000 }))).toEqual([["next"]]);
});

it("leaves a ready batch alone", () => {
  const batcher = new Batcher<string>(BOUNDS);
  batcher.add(item("1"));
  batcher.add(item("whole", "a", 10, true));
  batcher.add(item("2"));
  expect(valuesOf(batcher.next(OPEN))).toEqual([["1"], ["whole"], ["2"]]);
});

it("has no more batches of a place unacknowledged than may be sent again; others pass them", () => {
  const batcher = new Batcher<string>({ ...BOUNDS, eagerFrames: 8, placeBatchesMax: 4 });
  for (let n = 0; n < 6; n += 1) batcher.add(item(String(n), "a", 10, true));
  batcher.add({ ...item("both", "own"), isAlone: true, places: ["a", "b"] });
  batcher.add(item("other", "b"));
  const sendAll = () => {
    const frames: unknown[] = [];
    for (let frame = batcher.next(OPEN); frame !== undefined; frame = batcher.next(OPEN))
      frames.push(valuesOf(frame));
    return frames;
  };
  const first = [[["0"], ["1"], ["2"]], [["both"]], [["other"]]];
  expect(sendAll()).toEqual(first);
  batcher.reset();
  expect(sendAll()).toEqual(first);
  batcher.acked(1);
  expect(sendAll()).toEqual([[["3"], ["4"], ["5"]]]);
});

it("sends one that is alone in a frame of its own, however large, and before what comes later", () => {
  const batcher = new Batcher<string>(BOUNDS);
  batcher.add(item("1"));
  for (const value of ["2", "3"]) batcher.add({ ...item(value, "own", 150), isAlone: true });
  batcher.add(item("4"));
  const frames = [1, 2, 3].map(() => valuesOf(batcher.next(OPEN)));
  expect(frames).toEqual([[["1", "4"]], [["2"]], [["3"]]]);
});

it("sends the same frames again after a loss, first and in order", () => {
  const batcher = new Batcher<string>(BOUNDS);
  const sent = ["1", "2"].map((value) => {
    batcher.add(item(value));
    return batcher.next(OPEN);
  });
  batcher.add(item("3"));
  batcher.reset();
  expect([batcher.next(OPEN), batcher.next(OPEN)]).toEqual(sent);
  expect(batcher.framesInFlight).toBe(2);
  expect(batcher.drain()).toEqual(["1", "2", "3"]);
  expect(batcher.isIdle).toBe(true);
});

it("refuses an acknowledgement of what was not sent", () => {
  expect(() => new Batcher<string>(BOUNDS).acked(1)).toThrow("1 frames acknowledged, 0 sent");
});
