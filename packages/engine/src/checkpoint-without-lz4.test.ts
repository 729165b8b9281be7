import type * as Protocol from "@opendxa/pubsub-protocol";
import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { expect, it, vi } from "vitest";
import { auditCheckpoints } from "./checkpoint-audit.js";
import { type CheckpointRecord, decodeBlockHead, encodeBlock } from "./checkpoint-format.js";
import { CheckpointStore } from "./checkpoint-store.js";

const lz4 = vi.hoisted(() => ({ isThere: true }));

vi.mock("@opendxa/pubsub-protocol", async (original) => {
  const protocol = await original<typeof Protocol>();
  return {
    ...protocol,
    isSupportedCodec: (codec: Protocol.Codec) => lz4.isThere && protocol.isSupportedCodec(codec),
  };
});

const journalId = new Uint8Array(16).fill(7);
const records: CheckpointRecord[] = Array.from({ length: 500 }, (_, i) => ({
  key: `dd/00000001/event-${String(i).padStart(12, "0")}/source`,
  value: Buffer.from("value"),
}));
const openStore = (disk: SimulatedDisk) =>
  CheckpointStore.open(disk, "/checkpoints", { journalId, onIgnored: () => undefined });

it("refuses to open and to verify what was compressed elsewhere, and changes nothing", async () => {
  lz4.isThere = true;
  const disk = new SimulatedDisk({ seed: 1 });
  await (await openStore(disk)).writeBase(9n, [records]);
  lz4.isThere = false;
  const before = await disk.readdir("/checkpoints");
  const refused = { name: "JournalError", reason: "unsupported" };
  await expect(openStore(disk)).rejects.toMatchObject(refused);
  const audit = auditCheckpoints(disk, "/checkpoints", journalId);
  await expect(audit).rejects.toMatchObject(refused);
  await expect(audit).rejects.toThrow(/lz4-napi does not load here/u);
  expect(await disk.readdir("/checkpoints")).toEqual(before);
});

it("writes what any machine and an earlier broker read where it has no LZ4 itself, or nothing to compress", async () => {
  for (const [isThere, few] of [
    [false, records],
    [true, records.slice(0, 3)],
  ] as const) {
    lz4.isThere = isThere;
    expect(decodeBlockHead(encodeBlock(few)).isCompressed).toBe(false);
    const disk = new SimulatedDisk({ seed: 1 });
    await (await openStore(disk)).writeBase(9n, [few]);
    lz4.isThere = false;
    const newest = await (await openStore(disk)).readNewest(() => undefined);
    expect(newest?.sequence).toBe(9n);
  }
});
