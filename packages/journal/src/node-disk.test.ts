import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { behind, NodeDisk } from "./node-disk.js";

let folder: string;
const disk = new NodeDisk();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "node-disk-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("writes, syncs, reads back, truncates", async () => {
  const path = join(folder, "f");
  const file = await disk.open(path, "create");
  await file.writev([Buffer.from("hello "), new Uint8Array(0), Buffer.from("world")], 3);
  await file.writev([], 0);
  await file.datasync();
  await file.sync();
  const buffer = Buffer.alloc(20);
  expect(await file.read(buffer, 3)).toBe(11);
  expect(buffer.toString("utf8", 0, 11)).toBe("hello world");
  await file.truncate(8);
  expect(await file.size()).toBe(8);
  await file.close();
  await expect(disk.open(path, "create")).rejects.toMatchObject({ code: "EEXIST" });
  const reader = await disk.open(path, "read");
  await expect(reader.writev([Buffer.from("x")], 0)).rejects.toMatchObject({ code: "EBADF" });
  await reader.close();
  await expect(reader.read(buffer, 0)).rejects.toMatchObject({ code: "EBADF" });
  await expect(reader.size()).rejects.toMatchObject({ code: "EBADF" });
  await expect(reader.sync()).rejects.toMatchObject({ code: "EBADF" });
  expect((await stat(path)).mode & 0o007).toBe(0);
});

it("makes each write durable where it was opened for that, and reads and writes as usual", async () => {
  const path = join(folder, "f");
  await expect(disk.open(path, "synced")).rejects.toMatchObject({ code: "ENOENT" });
  const file = await disk.open(path, "create");
  await file.writev([Buffer.from("hello")], 0);
  const synced = await disk.open(path, "synced");
  await synced.writev([Buffer.from("y"), Buffer.from(" world")], 4);
  const buffer = Buffer.alloc(20);
  expect(buffer.toString("utf8", 0, await file.read(buffer, 0))).toBe("helly world");
  expect(await synced.size()).toBe(11);
  await synced.close();
  await file.close();
});

it("writes more parts at once than one system call takes", async () => {
  const file = await disk.open(join(folder, "f"), "create");
  await file.writev(
    Array.from({ length: 5000 }, (_, at) => Buffer.from([at % 251])),
    0,
  );
  const bytes = Buffer.alloc(5000);
  expect(await file.read(bytes, 0)).toBe(5000);
  expect([...bytes]).toEqual(Array.from({ length: 5000 }, (_, at) => at % 251));
  await file.close();
});

it("goes on behind a short write", () => {
  const parts = [Buffer.from("abc"), Buffer.from("de"), Buffer.from("f")];
  const left = (bytes: number): string => Buffer.concat(behind(parts, bytes)).toString();
  expect([0, 1, 3, 4, 5, 6].map(left)).toEqual(["abcdef", "bcdef", "def", "ef", "f", ""]);
});

it("says how much space is left", async () => {
  expect(await disk.freeBytes(folder)).toBeGreaterThan(0);
  await expect(disk.freeBytes(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

it("makes folders, renames, removes, lists", async () => {
  const inner = join(folder, "d");
  await disk.mkdir(inner);
  await (await disk.open(join(inner, "a"), "create")).close();
  await disk.rename(join(inner, "a"), join(inner, "b"));
  await disk.syncDirectory(inner);
  expect(await disk.readdir(inner)).toEqual(["b"]);
  await disk.link(join(inner, "b"), join(inner, "c"));
  await expect(disk.link(join(inner, "b"), join(inner, "c"))).rejects.toMatchObject({
    code: "EEXIST",
  });
  expect(await disk.stat(join(inner, "b"))).toEqual({ bytes: 0, links: 2 });
  await disk.unlink(join(inner, "c"));
  expect(await disk.stat(join(inner, "b"))).toEqual({ bytes: 0, links: 1 });
  await disk.unlink(join(inner, "b"));
  expect(await disk.exists(join(inner, "b"))).toBe(false);
  expect(await disk.exists(inner)).toBe(true);
  await expect(disk.exists("\0")).rejects.toThrow();
});
