import { describe, expect, it } from "vitest";
import { CRASH_MODES, PAGE_BYTES, SimulatedDisk, type SimulatedDiskFile } from "./index.js";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

async function created(disk: SimulatedDisk, path = "/f"): Promise<SimulatedDiskFile> {
  const file = await disk.open(path, "create");
  await file.sync();
  await disk.syncDirectory(path.slice(0, path.lastIndexOf("/")));
  return file;
}

describe("files and directories", () => {
  it("writes parts, reads back, truncates, grows with zeros", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    const file = await disk.open("/f", "create");
    await file.writev([bytes(1, 2), bytes(), bytes(3)], 2);
    expect([...disk.content("/f")]).toEqual([0, 0, 1, 2, 3]);
    const buffer = new Uint8Array(10);
    expect(await file.read(buffer, 3)).toBe(2);
    expect(await file.read(buffer, 5)).toBe(0);
    await file.truncate(3);
    await file.truncate(5);
    expect([...disk.content("/f")]).toEqual([0, 0, 1, 0, 0]);
    expect(await file.size()).toBe(5);
    expect(disk.usedBytes()).toBe(PAGE_BYTES);
  });

  it("answers as a file system does when something is wrong", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    await disk.mkdir("/d");
    const file = await disk.open("/d/f", "create");
    const code = (code: string) => expect.objectContaining({ code });
    await expect(disk.open("/d/f", "create")).rejects.toEqual(code("EEXIST"));
    await expect(disk.mkdir("/d")).rejects.toEqual(code("EEXIST"));
    await expect(disk.open("/d/none", "read")).rejects.toEqual(code("ENOENT"));
    await expect(disk.open("/none/f", "create")).rejects.toEqual(code("ENOENT"));
    await expect(disk.open("f", "create")).rejects.toEqual(code("ENOENT"));
    await expect(disk.open("/d", "read")).rejects.toEqual(code("EISDIR"));
    await expect(disk.unlink("/d")).rejects.toEqual(code("EISDIR"));
    await expect(disk.unlink("/d/none")).rejects.toEqual(code("ENOENT"));
    await expect(disk.readdir("/d/f")).rejects.toEqual(code("ENOTDIR"));
    expect(() => disk.content("/d")).toThrow(code("EISDIR"));
    expect(() => disk.flipBit("/d/f", 0)).toThrow(RangeError);
    const reader = await disk.open("/d/f", "read");
    await expect(reader.writev([bytes(1)], 0)).rejects.toEqual(code("EBADF"));
    await file.close();
    await expect(file.size()).rejects.toEqual(code("EBADF"));
    expect(await disk.exists("/d/f/x")).toBe(false);
    expect(await disk.readdir("/d")).toEqual(["f"]);
  });

  it("renames within and between directories, and unlinks under an open handle", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    await disk.mkdir("/d");
    const file = await disk.open("/a", "create");
    await file.writev([bytes(7)], 0);
    await disk.rename("/a", "/b");
    await disk.rename("/b", "/d/c");
    expect(await disk.readdir("/")).toEqual(["d"]);
    await disk.unlink("/d/c");
    expect(await file.size()).toBe(1);
    expect(await disk.exists("/d/c")).toBe(false);
  });
});

it("gives a file a second name, durable with its directory", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const file = await created(disk, "/a");
  await disk.link("/a", "/b");
  await expect(disk.link("/a", "/b")).rejects.toMatchObject({ code: "EEXIST" });
  await expect(disk.link("/none", "/c")).rejects.toMatchObject({ code: "ENOENT" });
  await file.writev([bytes(7)], 0);
  await file.sync();
  expect([...disk.content("/b")]).toEqual([7]);
  disk.crash({ mode: "drop" });
  expect(await disk.readdir("/")).toEqual(["a"]);
});

it("says how long a file is and how many names it has", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  await disk.mkdir("/d");
  const file = await created(disk, "/a");
  await file.writev([bytes(1, 2)], 0);
  expect(await disk.stat("/a")).toEqual({ bytes: 2, links: 1 });
  await disk.link("/a", "/d/b");
  expect(await disk.stat("/d/b")).toEqual({ bytes: 2, links: 2 });
  expect(disk.usedBytes()).toBe(PAGE_BYTES);
  await disk.unlink("/a");
  expect(await disk.stat("/d/b")).toEqual({ bytes: 2, links: 1 });
  await expect(disk.stat("/a")).rejects.toMatchObject({ code: "ENOENT" });
});

describe("crash", () => {
  it.each(CRASH_MODES)("%s: keeps all that was synced and ends handles", async (mode) => {
    const disk = new SimulatedDisk({ seed: 3 });
    await disk.mkdir("/d");
    await disk.syncDirectory("/");
    const file = await created(disk, "/d/f");
    await file.writev([filled(10_000, 5)], 0);
    await file.datasync();
    disk.crash({ mode });
    expect(disk.content("/d/f")).toEqual(filled(10_000, 5));
    await expect(file.read(new Uint8Array(1), 0)).rejects.toMatchObject({ code: "EBADF" });
  });

  it("drop: keeps what a synced write wrote, and of what was written before nothing", async () => {
    const disk = new SimulatedDisk({ seed: 3 });
    const file = await created(disk);
    const synced = await disk.open("/f", "synced");
    await file.writev([bytes(1, 1, 1)], 0);
    const before = disk.trace.length;
    await synced.writev([bytes(2)], 1);
    expect(disk.trace.slice(before)).toEqual(["write /f", "datasync /f"]);
    expect([...disk.content("/f")]).toEqual([1, 2, 1]);
    disk.inject({ operation: "datasync", nth: 1, code: "EIO" });
    await expect(synced.writev([bytes(3)], 2)).rejects.toMatchObject({ code: "EIO" });
    disk.crash({ mode: "drop" });
    expect([...disk.content("/f")]).toEqual([0, 2]);
  });

  it("drop: loses unsynced bytes, names and removals", async () => {
    const disk = new SimulatedDisk({ seed: 3 });
    const file = await created(disk);
    await file.writev([bytes(1, 2)], 0);
    await file.datasync();
    await file.writev([bytes(9, 9)], 1);
    const other = await disk.open("/g", "create");
    await other.sync();
    await disk.unlink("/f");
    disk.crash({ mode: "drop" });
    expect(await disk.readdir("/")).toEqual(["f"]);
    expect([...disk.content("/f")]).toEqual([1, 2]);
  });

  it("partial: leaves some prefix of what was written", async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 60; seed += 1) {
      const disk = new SimulatedDisk({ seed });
      const file = await created(disk);
      await file.writev([filled(5, 1)], 0);
      await file.writev([filled(5, 1)], 5);
      await file.truncate(9);
      disk.crash({ mode: "partial" });
      const content = disk.content("/f");
      expect(content).toEqual(filled(content.length, 1));
      lengths.add(content.length);
    }
    expect(lengths.size).toBeGreaterThan(8);
  });

  it("reorder: keeps any subset of the pages", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed += 1) {
      const disk = new SimulatedDisk({ seed });
      const file = await created(disk);
      await file.writev([filled(2 * PAGE_BYTES, 1)], PAGE_BYTES / 2);
      await file.truncate(2 * PAGE_BYTES + PAGE_BYTES / 2);
      disk.crash({ mode: "reorder" });
      const content = disk.content("/f");
      outcomes.add([2048, PAGE_BYTES, 2 * PAGE_BYTES].map((at) => content[at] ?? "-").join());
    }
    expect(outcomes).toContain("0,0,1");
    expect(outcomes).toContain("1,-,-");
    expect(outcomes).toContain("1,1,1");
  });

  it.each(CRASH_MODES)(
    "%s: leaves old bytes where what was written over them is lost",
    async (mode) => {
      const outcomes = new Set<string>();
      for (let seed = 0; seed < 40; seed += 1) {
        const disk = new SimulatedDisk({ seed });
        const file = await created(disk);
        await file.writev([filled(3 * PAGE_BYTES, 1)], 0);
        await file.datasync();
        await file.writev([filled(2 * PAGE_BYTES, 2)], PAGE_BYTES / 2);
        disk.crash({ mode });
        const content = Buffer.from(disk.content("/f"));
        expect(content).toHaveLength(3 * PAGE_BYTES);
        expect(content.every((byte) => byte === 1 || byte === 2)).toBe(true);
        const [first, second, third] = [0, 1, 2].map((page) => content[page * PAGE_BYTES + 2048]);
        outcomes.add(`${first}${second}${third === 1 ? content[2 * PAGE_BYTES] : third}`);
      }
      const expected = { drop: 1, keep: 1, partial: 3, reorder: 8 };
      expect(outcomes.size).toBe(expected[mode]);
    },
  );

  it("keep: leaves everything, as kill -9 does", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    const file = await disk.open("/f", "create");
    await file.writev([bytes(1)], 0);
    disk.crash({ mode: "keep" });
    expect([...disk.content("/f")]).toEqual([1]);
  });

  it("with its negative controls loses what was synced", async () => {
    const withoutData = new SimulatedDisk({ seed: 1, ignoreDatasync: true });
    const file = await created(withoutData);
    await file.writev([bytes(1)], 0);
    await file.datasync();
    withoutData.crash({ mode: "drop" });
    expect([...withoutData.content("/f")]).toEqual([]);
    const withoutNames = new SimulatedDisk({ seed: 1, ignoreDirectorySync: true });
    await created(withoutNames);
    withoutNames.crash({ mode: "drop" });
    expect(await withoutNames.readdir("/")).toEqual([]);
  });
});

describe("faults", () => {
  it.each([
    ["nothing", 0],
    ["prefix", 3 * PAGE_BYTES],
  ] as const)("a failing write leaves %s", async (leaves, length) => {
    const disk = new SimulatedDisk({ seed: 1 });
    const file = await disk.open("/f", "create");
    disk.inject({ operation: "write", nth: 2, code: "ENOSPC", leaves });
    await file.writev([bytes(1)], 0);
    const failing = file.writev([filled(6 * PAGE_BYTES, 2)], 0);
    await expect(failing).rejects.toMatchObject({ code: "ENOSPC", path: "/f" });
    expect(await file.size()).toBe(Math.max(1, length));
    await file.writev([bytes(3)], 0);
  });

  it("a torn write leaves some of its pages", async () => {
    const disk = new SimulatedDisk({ seed: 4 });
    const file = await disk.open("/f", "create");
    disk.inject({ operation: "write", nth: 1, code: "EIO", leaves: "pages" });
    await expect(file.writev([filled(16 * PAGE_BYTES, 2)], 0)).rejects.toThrow("EIO");
    const written = disk.content("/f").filter((value) => value === 2).length / PAGE_BYTES;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(16);
  });

  it("every kind of operation can fail, and a crash forgets faults", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    const file = await disk.open("/f", "create");
    const failing = {
      create: () => disk.open("/g", "create"),
      truncate: () => file.truncate(0),
      datasync: () => file.datasync(),
      sync: () => file.sync(),
      read: () => file.read(new Uint8Array(1), 0),
      mkdir: () => disk.mkdir("/d"),
      rename: () => disk.rename("/f", "/g"),
      link: () => disk.link("/f", "/g"),
      unlink: () => disk.unlink("/f"),
      syncDirectory: () => disk.syncDirectory("/"),
    } as const;
    for (const [operation, act] of Object.entries(failing)) {
      disk.inject({ operation: operation as keyof typeof failing, nth: 1, code: "EIO" });
      await expect(act()).rejects.toMatchObject({ code: "EIO" });
    }
    expect(await disk.readdir("/")).toEqual(["f"]);
    expect(() => disk.inject({ operation: "read", nth: 0, code: "EIO" })).toThrow(RangeError);
    disk.inject({ operation: "mkdir", nth: 1, code: "EIO" });
    disk.crash({ mode: "keep" });
    await disk.mkdir("/d");
  });

  it("flips a bit in what is seen and in what a crash leaves, synced or not", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    const file = await created(disk);
    await file.writev([bytes(0, 0)], 0);
    await file.sync();
    await file.truncate(3);
    await file.writev([bytes(0)], 2);
    disk.flipBit("/f", 1, 7);
    disk.flipBit("/f", 2, 1);
    expect([...disk.content("/f")]).toEqual([0, 128, 2]);
    disk.crash({ mode: "keep" });
    expect([...disk.content("/f")]).toEqual([0, 128, 2]);
  });
});

it("cuts the power after n operations: the next begins, nothing works until the crash", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const file = await created(disk);
  expect(disk.operations).toBe(3);
  expect(disk.trace).toEqual(["create /f", "sync /f", "syncDirectory "]);
  disk.cutAfterOperations(1);
  await file.writev([bytes(1)], 0);
  await expect(file.writev([bytes(2)], 1)).rejects.toMatchObject({ code: "EPOWERCUT" });
  await expect(file.datasync()).rejects.toMatchObject({ code: "EPOWERCUT" });
  await expect(file.read(new Uint8Array(1), 0)).rejects.toMatchObject({ code: "EPOWERCUT" });
  await expect(disk.readdir("/")).rejects.toMatchObject({ code: "EPOWERCUT" });
  disk.crash({ mode: "keep" });
  expect([...disk.content("/f")]).toEqual([1, 2]);
  for (const act of [
    (open: SimulatedDiskFile) => open.datasync(),
    (open: SimulatedDiskFile) => open.truncate(0),
    () => disk.syncDirectory("/"),
    () => disk.mkdir("/d"),
  ]) {
    const open = await disk.open("/f", "write");
    disk.cutAfterOperations(0);
    await expect(act(open)).rejects.toMatchObject({ code: "EPOWERCUT" });
    disk.crash({ mode: "drop" });
  }
  expect(await disk.readdir("/")).toEqual(["f"]);
  expect(disk.reads).toBe(0);
});

it("holds as much as its capacity, in pages, and says how much is left", async () => {
  const disk = new SimulatedDisk({ seed: 1, capacityBytes: 3 * 4096 });
  expect(await disk.freeBytes("/")).toBe(3 * 4096);
  await expect(disk.freeBytes("/none")).rejects.toMatchObject({ code: "ENOENT" });
  const file = await created(disk);
  await file.writev([new Uint8Array(4097).fill(1)], 0);
  expect(await disk.freeBytes("/")).toBe(4096);
  await expect(file.writev([new Uint8Array(9000).fill(2)], 4097)).rejects.toMatchObject({
    code: "ENOSPC",
  });
  // A write that finds no space leaves what still fits.
  expect(await file.size()).toBe(3 * 4096);
  await file.writev([new Uint8Array(100).fill(3)], 0);
  await file.truncate(10);
  expect(await disk.freeBytes("/")).toBe(2 * 4096);
  disk.resize(4096);
  expect(await disk.freeBytes("/")).toBe(0);
  await file.writev([new Uint8Array(10)], 4086);
  await expect(file.writev([new Uint8Array(1)], 4096)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(await new SimulatedDisk({ seed: 1 }).freeBytes("/")).toBe(Number.MAX_SAFE_INTEGER);
});
