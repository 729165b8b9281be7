import { expect, it } from "vitest";
import type { DiskFile } from "./disk.js";
import { pageReader } from "./page-reader.js";

const SIZE = 10_000;

/** A file of ones of which some pages cannot be read. */
function file(badPages: readonly number[]): DiskFile {
  const read = async (buffer: Uint8Array, position: number): Promise<number> => {
    const length = Math.max(0, Math.min(buffer.length, SIZE - position));
    for (let at = position; at < position + length; at += 1) {
      if (badPages.includes(Math.floor(at / 4096))) throw new Error("EIO");
    }
    buffer.fill(1, 0, length);
    return length;
  };
  return { read } as unknown as DiskFile;
}

it.each([
  [[], []],
  [[1], [[4096, 4096]]],
  [
    [0, 1],
    [
      [100, 3996],
      [4096, 4096],
    ],
  ],
  [[2], [[8192, 3808]]],
])("reads all but the pages %j", async (bad, expected) => {
  const told: number[][] = [];
  const read = pageReader(file(bad), (position, bytes) => told.push([position, bytes]));
  const buffer = new Uint8Array(12_000 - 100).fill(7);
  const length = await read(buffer, 100);
  expect(told).toEqual(expected);
  expect(length).toBe(bad.includes(2) ? buffer.length : SIZE - 100);
  for (let at = 0; at < SIZE - 100; at += 1) {
    const isBad = bad.includes(Math.floor((at + 100) / 4096) as never);
    if (buffer[at] !== (isBad ? 0 : 1)) expect([at, buffer[at]]).toEqual([at, isBad ? 0 : 1]);
  }
});
