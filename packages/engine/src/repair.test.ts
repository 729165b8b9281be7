import { MemoryStore } from "@opendxa/pubsub-index-store";
import { StartPosition } from "@opendxa/pubsub-protocol";
import { SeededRandom, VirtualClock } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import { BackupError } from "./backup-error.js";
import { verifyNamespace } from "./namespace-audit.js";
import { type RepairReport, repairNamespace } from "./repair.js";
import { Inbox, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const FIRST = "/data/journal/0000000000000001.seg";

async function settled({ engine }: World): Promise<void> {
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Events under a checkpoint and behind it; the engine was killed. */
async function damagedWorld(...damagedIds: string[]): Promise<World> {
  const made = new World();
  await made.open();
  await made.engine.createTopic("orders", undefined);
  for (const id of ["old-1", "old-2", "old-3"]) await made.publish("orders", id);
  await settled(made);
  made.clock.advance(10_000);
  await settled(made);
  for (const id of ["new-1", "new-2", "new-3"]) await made.publish("orders", id);
  await settled(made);
  for (const id of damagedIds) {
    const position = Buffer.from(made.disk.content(FIRST)).indexOf(id);
    made.disk.flipBit(FIRST, position);
  }
  return made;
}

function repair({ disk, index }: World): Promise<RepairReport> {
  const random = new SeededRandom(3);
  return repairNamespace({
    disk,
    from: "/data",
    to: "/repaired",
    timers: new VirtualClock(),
    random: { bytes: (length) => random.bytes(length) },
    openIndex: async () => MemoryStore.create(),
    withIndex: async (use) => await use(MemoryStore.create()),
    damagedIndex: index,
    log: { warn: () => undefined, info: () => undefined },
  });
}

/** Ids that a fresh subscription gets from the repaired namespace, and the offset of the next. */
async function served({ disk }: World): Promise<{ ids: string[]; next: bigint }> {
  for await (const { kind, severity } of verifyNamespace({ disk, folder: "/repaired" })) {
    expect([kind, severity]).toEqual([kind, "notice"]);
  }
  const again = new World(1, { disk, folder: "/repaired" });
  await again.open();
  const inbox = new Inbox();
  await again.join("fresh", inbox, { patterns: ["orders"], start: earliest });
  const next = await again.publish("orders", "after");
  await until(() => inbox.ids.includes("after"));
  await again.engine.close();
  return { ids: inbox.ids, next };
}

it("costs events and no state where a checkpoint covers the loss", async () => {
  const made = await damagedWorld("old-2");
  const report = await repair(made);
  expect(report.lost).toMatchObject([{ topics: ["orders"], events: 1 }]);
  expect(report.stateLost).toEqual([]);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(await served(made)).toEqual({
    ids: ["old-1", "old-3", "new-1", "new-2", "new-3", "after"],
    next: 6n,
  });
});

it("applies what came later over a hole in the tail, at the same offsets", async () => {
  const made = await damagedWorld("new-2");
  const report = await repair(made);
  expect(report.stateLost).toMatchObject([{ topics: ["orders"], events: 1 }]);
  expect(await served(made)).toEqual({
    ids: ["old-1", "old-2", "old-3", "new-1", "new-3", "after"],
    next: 6n,
  });
});

it("gives no sequence twice where the newest entries are lost", async () => {
  const made = await damagedWorld();
  const last = made.engine.stats().durableSequence;
  made.disk.flipBit(FIRST, Buffer.from(made.disk.content(FIRST)).indexOf("new-3"));
  const report = await repair(made);
  expect(report.journal.lastSequence).toBe(String(last));
  expect(report.stateLost).toMatchObject([{ first: String(last), last: String(last) }]);
  const { ids } = await served(made);
  expect(ids).toEqual(["old-1", "old-2", "old-3", "new-1", "new-2", "after"]);
});

it("leaves damaged checkpoints out, and builds the state from the others", async () => {
  const made = await damagedWorld();
  const names = await made.disk.readdir("/data/checkpoints");
  for (const name of names) made.disk.flipBit(`/data/checkpoints/${name}`, 70);
  const report = await repair(made);
  expect(report.checkpointsLeftOut).toHaveLength(names.length);
  expect(report.checkpointSequence).toBe("0");
  expect((await served(made)).ids).toHaveLength(7);
});

it("refuses where neither a checkpoint nor the journal tells the beginning", async () => {
  const made = await damagedWorld();
  for (const name of await made.disk.readdir("/data/checkpoints")) {
    await made.disk.unlink(`/data/checkpoints/${name}`);
  }
  await made.disk.rename(FIRST, "/data/journal/0000000000000004.seg");
  const bytes = made.disk.content("/data/journal/0000000000000004.seg");
  const cut = Buffer.from(bytes);
  cut.writeBigUInt64LE(4n, 40);
  cut.writeBigUInt64LE(4n, 64);
  const { crc32c } = await import("@opendxa/pubsub-protocol");
  cut.writeUInt32LE(crc32c(cut.subarray(0, 124)), 124);
  const file = await made.disk.open("/data/journal/0000000000000004.seg", "write");
  await file.writev([cut], 0);
  const error = await repair(made).then(
    () => undefined,
    (rejection: unknown) => rejection,
  );
  expect(error).toBeInstanceOf(BackupError);
  expect((error as BackupError).message).toContain("restore the newest backup instead");
});
