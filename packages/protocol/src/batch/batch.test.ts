import { expect, it } from "vitest";
import { checkBatch, decodeBatch, encodeBatch } from "../index.js";

it("gives back what was packed, with every default filled in", () => {
  const producer = { id: new Uint8Array(16).fill(0xab), epoch: 3, baseSequence: 40n };
  const batch = encodeBatch({
    topic: "t",
    producer,
    events: [
      { type: "a", data: Buffer.from("één"), orderingKey: "k" },
      { type: "a", subject: "s", data: new Uint8Array(0), timeUnixNs: -5n },
    ],
  });
  expect(batch.defaults?.type).toBe("a");
  const { heads, refusals } = checkBatch(batch);
  expect(refusals).toEqual([]);
  expect(heads.id(1)).toBe(`${"ab".repeat(16)}-41`);
  const stored = { ...batch, baseOffset: 100n, appendTimeUnixMs: 7n };
  const [first, second] = decodeBatch(stored);
  expect(first).toMatchObject({
    id: `${"ab".repeat(16)}-40`,
    source: `/producers/${"ab".repeat(16)}`,
    type: "a",
    orderingKey: "k",
    offset: 100n,
    timeUnixNs: 7_000_000n,
    dataContentType: "application/octet-stream",
  });
  expect(Buffer.from(first?.data ?? []).toString()).toBe("één");
  expect(second).toMatchObject({ subject: "s", timeUnixNs: -5n, offset: 101n });
});
