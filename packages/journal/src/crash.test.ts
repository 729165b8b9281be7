import { CRASH_MODES } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import type { Verify } from "./checksum.js";
import {
  type CrashControl,
  isWhole,
  judge,
  type Life,
  liveUntilCut,
  ON_OLD_FILES,
  ORDINARY,
  openIn,
  operationsOf,
  witness,
  world,
} from "./test/crash-trace.js";
import { idle } from "./test/journal-subjects.js";

const SEEDS = 3;

interface Cuts {
  readonly life?: Life;
  readonly control?: CrashControl;
  readonly verify?: Verify;
  readonly seeds?: number;
}

async function faultsOfAllCuts({
  life = ORDINARY,
  control = {},
  verify,
  seeds = 1,
}: Cuts = {}): Promise<string[]> {
  const faults: string[] = [];
  const operations = await operationsOf(life);
  for (let cut = 0; cut <= operations; cut += 1) {
    for (const mode of CRASH_MODES) {
      // Chance decides only where some of what was written survives.
      const seedsOfMode = isWhole(mode) ? 1 : seeds;
      for (let seed = 0; seed < seedsOfMode; seed += 1) {
        const place = world({ seed: cut * 31 + seed, ...control }, verify, life);
        const seen = await liveUntilCut(place, cut);
        place.disk.crash({ mode });
        const found = await judge(place, seen, mode);
        faults.push(...found.map((fault) => `cut ${cut}, ${mode}, seed ${seed}: ${fault}`));
      }
    }
  }
  return faults;
}

describe("a power cut at every write and sync", () => {
  it("goes through a life that shows every kind of operation", async () => {
    const place = world({ seed: 0 });
    const seen = witness();
    await place.life.live(place, seen);
    const kinds = new Set(place.disk.trace.map((line) => line.split(" ")[0]));
    expect([...kinds].sort()).toEqual(
      ["create", "datasync", "mkdir", "rename", "sync", "syncDirectory", "unlink", "write"].sort(),
    );
    const renamed = place.disk.trace.filter((line) => line.startsWith("rename"));
    expect(renamed.filter((line) => line.endsWith(".seg.new")).length).toBeGreaterThan(1);
    expect(renamed.filter((line) => line.endsWith(".gone.new")).length).toBeGreaterThan(1);
    expect(place.disk.trace.filter((line) => line.startsWith("create")).length).toBeGreaterThan(3);
    expect(seen.acknowledged).toBe(BigInt(seen.issued.size));
  });

  it("goes through one in which files are written over, their ends cut", async () => {
    const place = world({ seed: 0 }, undefined, ON_OLD_FILES);
    const seen = witness();
    await place.life.live(place, seen);
    const { trace } = place.disk;
    const kept = trace.filter((line) => /^rename .*\.seg$/.test(line));
    const recycled = trace.filter((line) => /^rename .*\.spare$/.test(line));
    expect(kept.length).toBeGreaterThan(3);
    expect(recycled.length).toBeGreaterThan(3);
    expect(trace.filter((line) => line.startsWith("truncate")).length).toBeGreaterThan(2);
    expect(trace.filter((line) => line.endsWith(".seg.new")).length).toBeGreaterThan(0);
    expect(seen.acknowledged).toBe(BigInt(seen.issued.size));
  });

  it.each([
    ["its own files", ORDINARY],
    ["old files", ON_OLD_FILES],
  ])("on %s loses nothing acknowledged, serves nothing wrong, keeps the order", async (_, life) => {
    expect(await faultsOfAllCuts({ life, seeds: SEEDS })).toEqual([]);
  });

  it.each([
    ["its own files", ORDINARY],
    ["old files", ON_OLD_FILES],
  ])("on %s is survived by recovery, too", async (_, life) => {
    const faults: string[] = [];
    const operations = await operationsOf(life);
    for (let cut = 1; cut <= operations; cut += 2) {
      for (let again = 0; again < 6; again += 1) {
        const mode = CRASH_MODES[(cut + again) % CRASH_MODES.length] ?? "drop";
        const place = world({ seed: cut }, undefined, life);
        const seen = await liveUntilCut(place, cut);
        place.disk.crash({ mode });
        place.disk.cutAfterOperations(again);
        await openIn(place).catch(() => undefined);
        await idle();
        place.disk.crash({ mode: "reorder" });
        const found = await judge(place, seen, "reorder");
        faults.push(...found.map((fault) => `cut ${cut} then ${again}, ${mode}: ${fault}`));
      }
    }
    expect(faults).toEqual([]);
  });
});

describe("negative controls: the test above must notice", () => {
  it("a disk that ignores fdatasync", async () => {
    const faults = await faultsOfAllCuts({ control: { ignoreDatasync: true } });
    expect(faults.some((fault) => fault.includes("lost:"))).toBe(true);
  });

  it("a disk that ignores the fsync of directories", async () => {
    const faults = await faultsOfAllCuts({ control: { ignoreDirectorySync: true } });
    expect(faults.some((fault) => fault.includes("lost:"))).toBe(true);
  });

  it("a rewritten segment that takes its place unsynced", async () => {
    const faults = await faultsOfAllCuts({ control: { ignoreDraftSync: true } });
    expect(faults.some((fault) => fault.includes("refused:"))).toBe(true);
  });

  it.each([
    ["a recycled segment that gets its name unsynced", { ignoreSpareSync: true }, "refused:"],
    ["a recycled segment whose end nothing tells", { withoutEndRecords: true }, "torn:"],
    ["a disk that ignores fdatasync, on old files", { ignoreDatasync: true }, "lost:"],
    [
      "a disk that ignores the fsync of directories, on old files",
      { ignoreDirectorySync: true },
      "refused:",
    ],
  ])("%s", async (_, control, noticed) => {
    const faults = await faultsOfAllCuts({ life: ON_OLD_FILES, control });
    expect(faults.some((fault) => fault.includes(noticed))).toBe(true);
  });

  it("a journal that does not look at checksums", async () => {
    const faults = await faultsOfAllCuts({ verify: () => true });
    expect(faults.some((fault) => fault.includes("altered:"))).toBe(true);
  });
});
