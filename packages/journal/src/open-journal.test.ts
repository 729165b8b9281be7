import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom, SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type OpenedJournal, openJournal } from "./index.js";
import { all, entry, errorOf, FOLDER, SMALL, simulated } from "./test/journal-subjects.js";
import { type RealPlace, realPlace } from "./test/level-places.js";

let place: RealPlace;
beforeEach(async () => {
  place = await realPlace();
});
afterEach(() => place.remove());

function onSimulated(disk: SimulatedDisk): Promise<OpenedJournal> {
  const timers = new VirtualClock();
  const random = new SeededRandom(disk.operations + 5);
  return openJournal({ kind: "segments", disk, folder: FOLDER, timers, random, limits: SMALL });
}

it.each([
  ["segments", "level"],
  ["level", "segments"],
] as const)("keeps a folder of %s from being opened as %s", async (kind, other) => {
  const { journal } = await place.open(kind);
  await journal.append([entry(10, 1)]);
  await journal.close();
  const error = await errorOf(place.open(other));
  expect(error).toMatchObject({
    reason: "other_kind",
    details: { folder: place.folder, found: kind, wanted: other },
  });
  expect(error.message).toContain(`set the kind to "${kind}"`);
  const again = await place.open(kind);
  expect(await all(again.journal)).toHaveLength(1);
  await again.journal.close();
});

it("takes segments without a marker for a journal, and marks them", async () => {
  const { journal, disk } = await simulated();
  await journal.append([entry(10, 1)]);
  await journal.close();
  const again = await onSimulated(disk);
  expect(again.recovery.lastSequence).toBe(1n);
  await again.journal.close();
  expect(Buffer.from(disk.content(`${FOLDER}/journal.json`)).toString()).toBe(
    `{"format":1,"kind":"segments","id":"${Buffer.from(journal.id).toString("hex")}"}\n`,
  );
});

it("survives a power cut at any moment of the first start", async () => {
  const whole = new SimulatedDisk({ seed: 1 });
  await (await onSimulated(whole)).journal.close();
  for (let cut = 0; cut <= whole.operations; cut += 1) {
    for (const mode of ["drop", "keep", "partial", "reorder"] as const) {
      const disk = new SimulatedDisk({ seed: cut });
      disk.cutAfterOperations(cut);
      await onSimulated(disk).then(
        ({ journal }) => journal.close().catch(() => undefined),
        () => undefined,
      );
      disk.crash({ mode });
      const { journal } = await onSimulated(disk);
      await journal.append([entry(10, 1)]);
      await journal.close();
      await (await onSimulated(disk)).journal.close();
    }
  }
});

it.each([
  "",
  "{}",
  '{"format":2,"kind":"level","id":"00"}',
  '{"format":1,"kind":"level","id":"00"}',
])("refuses the marker %j", async (text) => {
  await (await place.open("segments")).journal.close();
  await writeFile(join(place.folder, "journal.json"), text);
  expect(await errorOf(place.open("segments"))).toMatchObject({
    reason: "corrupt",
    segment: "journal.json",
  });
});

it("refuses another journal's segments beside a marker", async () => {
  await (await place.open("segments")).journal.close();
  const id = "00".repeat(16);
  const text = JSON.stringify({ format: 1, kind: "segments", id });
  await writeFile(join(place.folder, "journal.json"), text);
  expect((await errorOf(place.open("segments"))).reason).toBe("corrupt");
});

it("names a disk that refuses, and leaves nothing open", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  disk.inject({ operation: "rename", nth: 1, code: "EIO" });
  expect((await errorOf(onSimulated(disk))).reason).toBe("io_failed");
  await (await onSimulated(disk)).journal.close();
  disk.inject({ operation: "read", nth: 1, code: "EIO" });
  expect((await errorOf(onSimulated(disk))).reason).toBe("io_failed");
});

it("keeps a second process's LevelDB off", async () => {
  const { journal } = await place.open("level");
  expect((await errorOf(place.open("level"))).reason).toBe("locked");
  await journal.close();
});
