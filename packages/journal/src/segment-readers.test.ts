import { describe, expect, it } from "vitest";
import { listSegments } from "./segment-folder.js";
import { SegmentReaders } from "./segment-readers.js";
import { errorOf, FOLDER, twelve } from "./test/journal-subjects.js";

async function readersOfThree(openMax: number) {
  const { journal, disk } = await twelve();
  await journal.close();
  const segments = await listSegments(disk, FOLDER);
  for (const [at, segment] of segments.entries()) {
    const next = segments[at + 1];
    if (next !== undefined) segment.lastCommit = next.header.firstCommit - 1n;
  }
  const [first, second, third] = segments;
  if (first === undefined || second === undefined || third === undefined) throw new Error("few");
  return { readers: new SegmentReaders(disk, openMax), disk, first, second, third };
}

describe("segments that are open for reading", () => {
  it("stay open while pinned, although others crowd them out at the same moment", async () => {
    // Once a pin took over a file that was already going to be closed: every read looped for ever.
    const { readers, first, second } = await readersOfThree(1);
    const crowding = [readers.get(first), readers.get(second), readers.get(first)];
    const pinning = readers.pin(first);
    crowding.push(readers.get(second), readers.get(first));
    await Promise.all([...crowding, pinning]);
    const buffer = new Uint8Array(8);
    for (let at = 0; at < 3; at += 1) {
      await readers.get(second);
      expect(await readers.read(first, buffer, 40)).toBe(8);
      expect(Buffer.from(buffer).readBigUInt64LE()).toBe(1n);
    }
    await readers.unpin(first);
    await readers.unpin(first);
    expect(await readers.read(first, buffer, 40)).toBe(8);
  });

  it("are not pinned where they cannot be opened", async () => {
    const { readers, disk, first } = await readersOfThree(1);
    disk.inject({ operation: "read", nth: 1, code: "EIO" });
    expect((await errorOf(readers.pin(first))).reason).toBe("io_failed");
    expect(await readers.read(first, new Uint8Array(8), 0)).toBe(8);
  });

  it("cannot be read once they are dropped or everything is closed", async () => {
    const { readers, first, second } = await readersOfThree(2);
    await readers.pin(first);
    await readers.get(second);
    first.isDropped = true;
    await readers.drop(first);
    expect((await errorOf(readers.read(first, new Uint8Array(8), 0))).reason).toBe("io_failed");
    await readers.pin(second);
    await readers.close();
    expect((await errorOf(readers.read(second, new Uint8Array(8), 0))).reason).toBe("closed");
  });
});
