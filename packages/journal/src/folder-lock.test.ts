import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderLock } from "./folder-lock.js";
import { errorOf } from "./test/journal-subjects.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "folder-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.runIf(process.platform === "linux")("the lock of Linux", () => {
  it("is one per folder, by whatever path, and can be taken again after release", async () => {
    const lock = await FolderLock.acquire(folder);
    await symlink(folder, `${folder}-link`);
    try {
      const error = await errorOf(FolderLock.acquire(`${folder}-link`));
      expect(error.reason).toBe("locked");
      expect(error.details["pid"]).toBe(String(process.pid));
    } finally {
      await rm(`${folder}-link`);
    }
    await lock.release();
    await (await FolderLock.acquire(folder)).release();
  });

  it("ends with its process, also by kill -9", async () => {
    const child = await holder(folder);
    const error = await errorOf(FolderLock.acquire(folder));
    expect(error.reason).toBe("locked");
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await FolderLock.acquire(folder)).release();
  });

  it("of two folders does not get in the way of each other", async () => {
    const other = await mkdtemp(join(tmpdir(), "folder-lock-"));
    const locks = [await FolderLock.acquire(folder), await FolderLock.acquire(other)];
    for (const lock of locks) await lock.release();
    await rm(other, { recursive: true });
  });

  it("says so where its owner is not known", async () => {
    const lock = await FolderLock.acquire(folder);
    await rm(join(folder, "lock.owner"));
    expect((await errorOf(FolderLock.acquire(folder))).details["pid"]).toBe("unknown");
    await lock.release();
  });

  it("is given up where its owner cannot be written", async () => {
    await mkdir(join(folder, "lock.owner"));
    await expect(FolderLock.acquire(folder)).rejects.toMatchObject({ code: "EISDIR" });
    await rm(join(folder, "lock.owner"), { recursive: true });
    await (await FolderLock.acquire(folder)).release();
  });

  it("needs the folder", async () => {
    await rm(folder, { recursive: true });
    await expect(FolderLock.acquire(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it("is a file in the folder on other systems, which must be writable", async () => {
  await mkdir(join(folder, "lock.file"));
  await expect(FolderLock.acquire(folder, "freebsd")).rejects.toMatchObject({ code: "EISDIR" });
});

it("is a file in the folder on macOS, left there after release", async () => {
  const lock = await FolderLock.acquire(folder, "darwin");
  await lock.release();
  expect((await readdir(folder)).sort()).toEqual(["lock.file", "lock.owner"]);
});

/** A process that holds the name of the folder's lock, as another broker would. */
async function holder(path: string): Promise<ChildProcess> {
  const source = `
    const { statSync } = require("node:fs");
    const { dev, ino } = statSync(process.argv[1], { bigint: true });
    require("node:net").createServer().listen("\\0opendxa-pubsub-" + dev + "-" + ino, () => console.log("held"));
  `;
  const child = spawn(process.execPath, ["-e", source, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout !== null) await once(child.stdout, "data");
  return child;
}
