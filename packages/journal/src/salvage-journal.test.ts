import { SeededRandom, SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { type Journal, openSegmentJournal, SEQUENCE_MAX } from "./index.js";
import { all, errorOf, FOLDER, SMALL, simulated } from "./test/journal-subjects.js";
import {
  findings,
  SALVAGED,
  SPECIMEN_GONE,
  SPECIMEN_LAST,
  salvage,
  specimen,
  specimenPayload,
} from "./test/specimen.js";

const SEALED = "0000000000000009.seg";
const NEWEST = "0000000000000013.seg";
const HEADER = 128;
const COMMIT = 64 + 16 + 1900;
const path = (name: string): string => `${FOLDER}/${name}`;

async function openSalvaged(disk: SimulatedDisk): Promise<Journal> {
  const timers = new VirtualClock();
  const options = { disk, folder: SALVAGED, timers, random: new SeededRandom(4), limits: SMALL };
  return (await openSegmentJournal(options)).journal;
}

/** What is served is right, and all is there but what is lost or was forgotten. */
async function expectAllBut(journal: Journal, lost: readonly bigint[]): Promise<void> {
  const entries = await all(journal);
  const expected: bigint[] = [];
  for (let sequence = 1n; sequence <= SPECIMEN_LAST; sequence += 1n) {
    if (!lost.includes(sequence) && !SPECIMEN_GONE.includes(sequence)) expected.push(sequence);
  }
  expect(entries.map(({ sequence }) => sequence)).toEqual(expected);
  for (const { sequence, payload } of entries) {
    expect(Buffer.compare(payload, specimenPayload(sequence))).toBe(0);
  }
}

it("keeps a sound journal as it is: entries, sequences, id, what was assigned", async () => {
  const disk = await specimen();
  const report = await salvage(disk);
  expect(report).toMatchObject({
    entries: 19,
    bytes: 10 * 1900 + 9 * 40,
    lastSequence: "22",
    lost: [],
    lostBytes: 0,
    faults: [],
    omitted: 0,
  });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  const { journal: before } = await simulated({ disk });
  disk.crash({ mode: "drop" });
  expect(await findings(disk, SALVAGED)).toEqual([]);
  const journal = await openSalvaged(disk);
  expect(journal.id).toEqual(before.id);
  expect(Buffer.from(journal.id).toString("hex")).toBe(report.journalId);
  expect([journal.firstSequence, journal.lastSequence]).toEqual([1n, 22n]);
  await expectAllBut(journal, []);
  expect((await journal.append([{ parts: [] }])).first).toBe(23n);
});

describe("keeps what is sound and says what is lost", () => {
  it("in damaged entries, commits and a cut segment", async () => {
    const disk = await specimen();
    disk.flipBit(path("0000000000000005.seg"), HEADER + 300);
    disk.flipBit(path("0000000000000005.seg"), HEADER + COMMIT + 10);
    const file = await disk.open(path(SEALED), "write");
    await file.truncate(HEADER + 3 * COMMIT + 1);
    disk.flipBit(path(NEWEST), HEADER + COMMIT + 100);
    const report = await salvage(disk);
    expect(report.lost).toEqual([
      { first: "5", last: "6" },
      { first: "12", last: "12" },
      { first: "14", last: "14" },
    ]);
    expect(report.lostBytes).toBe(1900 + COMMIT + 1 + 40);
    expect(report.faults.map(({ kind }) => kind)).toEqual([
      "entry_damaged",
      "commit_damaged",
      "commit_damaged",
      "footer_missing",
      "entry_damaged",
    ]);
    const journal = await openSalvaged(disk);
    await expectAllBut(journal, [5n, 6n, 12n, 14n]);
    expect(journal.lastSequence).toBe(22n);
  });

  it("where segments are missing, misnamed or have no header", async () => {
    const disk = await specimen();
    await disk.unlink(path(SEALED));
    await disk.rename(path("0000000000000001.seg"), path("0000000000000002.seg"));
    disk.flipBit(path("0000000000000005.seg"), 20);
    const report = await salvage(disk);
    expect(report.lost).toEqual([{ first: "9", last: "12" }]);
    await expectAllBut(await openSalvaged(disk), [9n, 10n, 11n, 12n]);
  });

  it("where the newest is missing: nothing that somebody knows of is given twice", async () => {
    const disk = await specimen();
    await disk.unlink(path(NEWEST));
    const report = await salvage(disk, { lastSequenceMin: 20n });
    expect(report.lastSequence).toBe("20");
    const journal = await openSalvaged(disk);
    expect(journal.lastSequence).toBe(20n);
    expect((await journal.append([{ parts: [] }])).first).toBe(21n);
  });

  it("and only then begins later", async () => {
    const disk = await specimen();
    await disk.unlink(path("0000000000000001.seg"));
    const report = await salvage(disk);
    expect(report.lost).toEqual([{ first: "1", last: "4" }]);
    const journal = await openSalvaged(disk);
    expect(journal.firstSequence).toBe(5n);
    await expectAllBut(journal, [1n, 2n, 3n, 4n]);
  });
});

it("needs the id where no header is left to tell", async () => {
  const disk = await specimen();
  for (const name of ["0000000000000001.seg", "0000000000000005.seg", SEALED]) {
    await disk.unlink(path(name));
  }
  const id = disk.content(path(NEWEST)).slice(16, 32);
  disk.flipBit(path(NEWEST), 16);
  expect((await errorOf(salvage(disk))).reason).toBe("corrupt");
  const report = await salvage(disk, { journalId: id });
  expect(report.entries).toBe(10);
  expect(report.lost).toEqual([{ first: "1", last: "12" }]);
});

it("touches no journal that is there, and names a disk that refuses", async () => {
  const disk = await specimen();
  await salvage(disk);
  expect((await errorOf(salvage(disk))).reason).toBe("conflict");
  const full = await specimen();
  full.inject({ operation: "write", nth: 3, code: "ENOSPC" });
  expect((await errorOf(salvage(full))).reason).toBe("full");
  expect((await errorOf(salvage(new SimulatedDisk({ seed: 1 })))).reason).toBe("io_failed");
});

it("lists no more than 10,000 faults and ranges, and counts the rest", async () => {
  const { SalvageLedger } = await import("./salvage-report.js");
  const { SALVAGE_REPORT_MAX } = await import("./limits.js");
  const { fault } = await import("./journal-fault.js");
  const ledger = new SalvageLedger();
  for (let at = 0; at < SALVAGE_REPORT_MAX + 5; at += 1) {
    const sequence = BigInt(2 * at + 1);
    const sequences = { first: sequence, last: sequence };
    ledger.note(fault("entry_damaged", "x", { segment: "s", position: at, bytes: 1, sequences }));
  }
  const report = ledger.report(new Uint8Array(16), SEQUENCE_MAX);
  expect([report.faults.length, report.lost.length, report.omitted]).toEqual([
    SALVAGE_REPORT_MAX,
    SALVAGE_REPORT_MAX,
    10,
  ]);
  expect(report.lostBytes).toBe(SALVAGE_REPORT_MAX + 5);
});
