import { createHash } from "node:crypto";
import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { beforeEach, expect, it } from "vitest";
import { copyFile, hashFile, placeFile } from "./file-copy.js";
import { COPY_WINDOW_BYTES } from "./limits.js";

const CONTENT = Buffer.alloc(COPY_WINDOW_BYTES * 2 + 5, "abc");
const FACTS = {
  bytes: CONTENT.length,
  sha256: createHash("sha256").update(CONTENT).digest("hex"),
};

let disk: SimulatedDisk;
beforeEach(async () => {
  disk = new SimulatedDisk({ seed: 1 });
  const file = await disk.open("/from", "create");
  await file.writev([CONTENT], 0);
  await file.close();
});

it("copies all or the first bytes, durable, and says what that is", async () => {
  expect(await copyFile(disk, "/from", "/all")).toEqual(FACTS);
  expect(await copyFile(disk, "/from", "/part", 2)).toMatchObject({ bytes: 2 });
  await disk.syncDirectory("/");
  disk.crash({ mode: "drop" });
  expect(Buffer.from(disk.content("/all")).equals(CONTENT)).toBe(true);
  expect(Buffer.from(disk.content("/part")).toString()).toBe("ab");
  await expect(copyFile(disk, "/all", "/part")).rejects.toMatchObject({ code: "EEXIST" });
});

it("makes what it links durable, and changes nothing where it only reads", async () => {
  const before = disk.operations;
  expect(await hashFile(disk, "/from")).toEqual(FACTS);
  expect(disk.operations).toBe(before);
  await placeFile(disk, "/from", "/second");
  await disk.syncDirectory("/");
  disk.crash({ mode: "drop" });
  expect(disk.content("/second").length).toBe(CONTENT.length);
});

it("links where the file system can, and copies where the target lies on another", async () => {
  expect(await placeFile(disk, "/from", "/second")).toEqual(FACTS);
  expect(disk.trace).toContain("link /second");
  disk.flipBit("/from", 0);
  expect(disk.content("/second")[0]).toBe(disk.content("/from")[0]);
  disk.inject({ operation: "link", nth: 1, code: "EXDEV" });
  await placeFile(disk, "/from", "/third");
  disk.flipBit("/from", 0);
  expect(disk.content("/third")[0]).not.toBe(disk.content("/from")[0]);
  disk.inject({ operation: "link", nth: 1, code: "EIO" });
  await expect(placeFile(disk, "/from", "/fourth")).rejects.toMatchObject({ code: "EIO" });
});
