import { crc32c } from "@opendxa/pubsub-protocol";
import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { readCheckpointFile, writeCheckpointFile } from "./checkpoint-file.js";
import {
  blockBytesTarget,
  blockHeadBytes,
  CheckpointError,
  type CheckpointHeader,
  type CheckpointRecord,
  decodeBlock,
  decodeBlockHead,
  decodeHeader,
  encodeBlock,
  encodeEnd,
  encodeHeader,
  recordBytes,
} from "./checkpoint-format.js";

const header: CheckpointHeader = {
  kind: "base",
  journalId: new Uint8Array(16).fill(7),
  sequence: 9n,
  previous: 0n,
};

/** What changes the checksum of compressed records. */
const MARK = 0x4c5a_3462;

const remembered = (count: number): CheckpointRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `dd/00000001/event-${String(i).padStart(12, "0")}/source`,
    value: i % 10 === 0 ? undefined : Buffer.from(`value ${i}`),
  }));

const sizeOf = (records: readonly CheckpointRecord[]) =>
  records.reduce((sum, record) => sum + recordBytes(record), 0);

function decoded(block: Uint8Array, bytesMax = 2 * blockBytesTarget): CheckpointRecord[] {
  const { isCompressed } = decodeBlockHead(block);
  return decodeBlock(block.subarray(blockHeadBytes), { isCompressed, bytesMax, position: 64 });
}

/** A compressed block whose body is changed and whose checksum is that of the changed body. */
function tampered(change: (body: Buffer) => Uint8Array): Uint8Array {
  const block = encodeBlock(remembered(500));
  expect(decodeBlockHead(block).isCompressed).toBe(true);
  const body = change(Buffer.from(block.subarray(blockHeadBytes)));
  const changed = Buffer.concat([block.subarray(0, blockHeadBytes), body]);
  changed.writeUInt32BE((body.length | 0x8000_0000) >>> 0, 0);
  changed.writeUInt32BE((crc32c(body) ^ MARK) >>> 0, 4);
  return changed;
}

async function readBack(disk: SimulatedDisk, name: string): Promise<CheckpointRecord[]> {
  const records: CheckpointRecord[] = [];
  for await (const block of readCheckpointFile(disk, `/${name}`)) records.push(...block);
  return records;
}

describe("checkpoint blocks", () => {
  it("take less than half the bytes where ids are remembered, and read the same", () => {
    const records = remembered(900);
    const block = encodeBlock(records);
    expect(block.length).toBeLessThan(sizeOf(records) / 2);
    expect(decoded(block)).toEqual(records);
  });

  it("stay as they are where they are small or nothing repeats", () => {
    for (const records of [remembered(3), [{ key: "k", value: noise(8_192) }]]) {
      const block = encodeBlock(records);
      expect(decodeBlockHead(block)).toMatchObject({
        isCompressed: false,
        length: sizeOf(records),
      });
      expect(decoded(block)).toEqual(records);
    }
  });

  it("are refused where they do not decompress to what they say", () => {
    const garbage = tampered((body) => Buffer.concat([body.subarray(0, 4), noise(300)]));
    expect(() => decoded(garbage)).toThrow(/a block cannot be decompressed/u);
    const cut = tampered((body) => body.subarray(0, body.length - 9));
    expect(() => decoded(cut)).toThrow(CheckpointError);
    const long = tampered((body) => {
      body.writeUInt32BE(0xffff_ffff, 0);
      return body;
    });
    expect(() => decoded(long)).toThrow(/longer than any block/u);
    const short = tampered((body) => body.subarray(0, 3));
    expect(() => decoded(short)).toThrow(/longer than any block/u);
  });

  it.each([
    ["one small record", [{ key: "k", value: Buffer.from("v") }]],
    ["one large record", [{ key: "sub/orders", value: noise(100_000) }]],
    ["one large record that is compressed", [{ key: "sub/orders", value: Buffer.alloc(100_000) }]],
    ["many records", remembered(900)],
  ])("are refused with any bit of their head changed: %s", async (_, records) => {
    const block = encodeBlock(records);
    for (let bit = 0; bit < 8 * blockHeadBytes; bit += 1) {
      const disk = new SimulatedDisk({ seed: 1 });
      const file = await disk.open("/flipped", "create");
      await file.writev([encodeHeader(header, true), block, encodeEnd(records.length)], 0);
      disk.flipBit("/flipped", 64 + Math.floor(bit / 8), bit % 8);
      const error = await readBack(disk, "flipped").catch((thrown: unknown) => thrown);
      expect(error, `bit ${bit}`).toBeInstanceOf(CheckpointError);
      // Of a length that became larger than the file, where its bytes begin.
      expect([64, 64 + blockHeadBytes]).toContain((error as CheckpointError).position);
    }
  });

  it("are refused where a record does not fit", () => {
    const place = { isCompressed: false, bytesMax: blockBytesTarget, position: 64 };
    const body = encodeBlock([{ key: "key", value: Buffer.from("value") }]).subarray(
      blockHeadBytes,
    );
    expect(() => decodeBlock(body, place)).not.toThrow();
    for (let length = 1; length < body.length; length += 1) {
      expect(() => decodeBlock(body.subarray(0, length), place)).toThrow(
        /crosses its block's end/u,
      );
    }
  });

  it("name the byte of the file at which a damaged one begins", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    const block = tampered((body) => Buffer.concat([body.subarray(0, 4), noise(300)]));
    const file = await disk.open("/damaged", "create");
    await file.writev([encodeHeader(header, true), block, encodeEnd(500)], 0);
    await expect(readBack(disk, "damaged")).rejects.toMatchObject({ position: 64 });
  });

  it("read from files of versions 1 and 2, whose sound blocks differ in nothing, and of no later one", () => {
    const ofVersion = (version: number) => {
      const bytes = encodeHeader(header, true);
      const view = new DataView(bytes.buffer);
      view.setUint16(4, version);
      view.setUint32(60, crc32c(bytes.subarray(0, 60)));
      return bytes;
    };
    for (const version of [1, 2]) expect(decodeHeader(ofVersion(version))).toEqual(header);
    for (const version of [0, 3]) {
      expect(() => decodeHeader(ofVersion(version))).toThrow(`format ${version} are not known`);
    }
    const plain = encodeBlock(remembered(20));
    expect(decodeBlockHead(plain).isCompressed).toBe(false);
    expect(decoded(plain)).toEqual(remembered(20));
  });

  it("make a file of many blocks, smaller than its records", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    const records = remembered(5_000);
    const path = { folder: "", name: "base" };
    const bytes = await writeCheckpointFile(disk, path, { header, blocks: [records] });
    expect(bytes).toBeLessThan(sizeOf(records) / 2);
    expect(await readBack(disk, "base")).toEqual(records);
  });
});

function noise(length: number): Buffer {
  let state = 0x2545_f491;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}
