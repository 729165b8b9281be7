import { CRASH_MODES } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import type { Verify } from "./checksum.js";
import {
  type CrashControl,
  judge,
  live,
  liveUntilCut,
  openIn,
  operationsOfLife,
  witness,
  world,
} from "./test/crash-trace.js";
import { idle } from "./test/journal-subjects.js";

const SEEDS = 3;

async function faultsOfAllCuts(
  control: CrashControl = {},
  verify?: Verify,
  seeds = 1,
): Promise<string[]> {
  const faults: string[] = [];
  const operations = await operationsOfLife();
  for (let cut = 0; cut <= operations; cut += 1) {
    for (const mode of CRASH_MODES) {
      for (let seed = 0; seed < seeds; seed += 1) {
        const place = world({ seed: cut * 31 + seed, ...control }, verify);
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
    await live(place, seen);
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

  it("loses nothing acknowledged, serves nothing wrong, keeps the order", async () => {
    expect(await faultsOfAllCuts({}, undefined, SEEDS)).toEqual([]);
  });

  it("is survived by recovery, too", async () => {
    const faults: string[] = [];
    const operations = await operationsOfLife();
    for (let cut = 1; cut <= operations; cut += 2) {
      for (let again = 0; again < 6; again += 1) {
        const mode = CRASH_MODES[(cut + again) % CRASH_MODES.length] ?? "drop";
        const place = world({ seed: cut });
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
    const faults = await faultsOfAllCuts({ ignoreDatasync: true });
    expect(faults.some((fault) => fault.includes("lost:"))).toBe(true);
  });

  it("a disk that ignores the fsync of directories", async () => {
    const faults = await faultsOfAllCuts({ ignoreDirectorySync: true });
    expect(faults.some((fault) => fault.includes("lost:"))).toBe(true);
  });

  it("a rewritten segment that takes its place unsynced", async () => {
    const faults = await faultsOfAllCuts({ ignoreDraftSync: true });
    expect(faults.some((fault) => fault.includes("refused:"))).toBe(true);
  });

  it("a journal that does not look at checksums", async () => {
    const faults = await faultsOfAllCuts({}, () => true);
    expect(faults.some((fault) => fault.includes("altered:"))).toBe(true);
  });
});
