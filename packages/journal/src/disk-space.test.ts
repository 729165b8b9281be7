import { SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import { DiskSpace, isSpaceLow } from "./disk-space.js";
import { DISK_RESERVE_BYTES, DISK_SPACE_POLL_MS } from "./limits.js";

const MIB = 1024 * 1024;

it("decides by what is free less what was written since, and not back and forth", () => {
  const facts = { freeBytes: 900, writtenBytes: 0, reserveBytes: 800, wasLow: false };
  expect(isSpaceLow(facts)).toBe(false);
  expect(isSpaceLow({ ...facts, writtenBytes: 100 })).toBe(false);
  expect(isSpaceLow({ ...facts, writtenBytes: 101 })).toBe(true);
  expect(isSpaceLow({ ...facts, wasLow: true, freeBytes: 899 })).toBe(true);
  expect(isSpaceLow({ ...facts, wasLow: true, freeBytes: 900 })).toBe(false);
});

async function watched(capacityBytes: number, reserveBytes?: number) {
  const disk = new SimulatedDisk({ seed: 1, capacityBytes });
  const clock = new VirtualClock();
  const changes: boolean[] = [];
  const errors: unknown[] = [];
  let looks = 0;
  const counted = {
    freeBytes: (path: string): Promise<number> => {
      looks += 1;
      return disk.freeBytes(path);
    },
  };
  const space = await DiskSpace.watch({
    disk: counted,
    folder: "/",
    timers: clock,
    onChange: (isLow) => changes.push(isLow),
    onError: (error) => errors.push(error),
    ...(reserveBytes === undefined ? {} : { reserveBytes }),
  });
  return { disk, clock, changes, errors, space, looks: () => looks };
}

it("keeps 512 MiB free by default", async () => {
  expect(DISK_RESERVE_BYTES).toBe(512 * MIB);
  const { space, changes, disk, clock } = await watched(513 * MIB);
  expect([space.isLow, space.freeBytes]).toEqual([false, 513 * MIB]);
  disk.resize(511 * MIB);
  await clock.advanceAsync(DISK_SPACE_POLL_MS);
  expect([space.isLow, changes]).toEqual([true, [true]]);
  disk.resize(560 * MIB);
  await clock.advanceAsync(DISK_SPACE_POLL_MS);
  expect(space.isLow).toBe(true);
  disk.resize(577 * MIB);
  await clock.advanceAsync(DISK_SPACE_POLL_MS);
  expect([space.isLow, changes]).toEqual([false, [true, false]]);
  space.close();
  expect(clock.pendingTimers).toBe(0);
});

it("counts what is written between two looks, and asks the system for none of it", async () => {
  const { space, looks, clock, disk } = await watched(1000, 500);
  for (let at = 0; at < 5; at += 1) space.noteWritten(100);
  expect([space.isLow, space.freeBytes, looks()]).toEqual([false, 500, 1]);
  space.noteWritten(1);
  expect([space.isLow, space.freeBytes, looks()]).toEqual([true, 499, 1]);
  space.noteWritten(1000);
  expect(space.freeBytes).toBe(0);
  disk.resize(2000);
  await clock.advanceAsync(DISK_SPACE_POLL_MS);
  expect([space.isLow, space.freeBytes, looks()]).toEqual([false, 2000, 2]);
});

it("goes on with the last answer where the disk gives none, and is told", async () => {
  const { space, clock, disk, errors } = await watched(1000, 500);
  disk.cutAfterOperations(-1);
  await clock.advanceAsync(DISK_SPACE_POLL_MS);
  expect(errors).toMatchObject([{ code: "EPOWERCUT" }]);
  expect([space.isLow, space.freeBytes]).toEqual([false, 1000]);
  expect(clock.pendingTimers).toBe(1);
  const looking = clock.advanceAsync(DISK_SPACE_POLL_MS);
  space.close();
  await looking;
  expect(clock.pendingTimers).toBe(0);
  const silent = await DiskSpace.watch({ disk, folder: "/", timers: clock });
  expect([silent.isLow, silent.freeBytes]).toEqual([false, Number.POSITIVE_INFINITY]);
  silent.close();
});
