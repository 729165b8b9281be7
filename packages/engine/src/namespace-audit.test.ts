import { StartPosition } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import type { Finding } from "./finding.js";
import { verifyNamespace } from "./namespace-audit.js";
import { Inbox, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });

/** Ten entries with events under one checkpoint of a base and a delta, and a tail behind it. */
async function worldWithTail(): Promise<World> {
  const made = new World();
  await made.open();
  await made.engine.createTopic("orders", undefined);
  await made.join("s", new Inbox(), { patterns: ["orders"], start: earliest });
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 3; i++) await made.publish("orders", `a${round}${i}`, `b${round}${i}`);
    await settled(made);
    made.clock.advance(10_000);
    await settled(made);
  }
  await made.publish("orders", "tail");
  await made.publish("orders", "last");
  await settled(made);
  return made;
}

async function settled({ engine }: World): Promise<void> {
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function findings({ disk, index }: World): Promise<Finding[]> {
  const before = disk.operations;
  const found: Finding[] = [];
  for await (const each of verifyNamespace({ disk, folder: "/data", index })) found.push(each);
  expect(disk.operations).toBe(before);
  return found;
}

const kinds = async (made: World) => (await findings(made)).map(({ kind }) => kind);

/** Byte position of a text in a segment. */
function positionOf({ disk }: World, text: string): number {
  return Buffer.from(disk.content("/data/journal/0000000000000001.seg")).indexOf(text);
}

async function checkpoints({ disk }: World, suffix: string): Promise<string[]> {
  const names = await disk.readdir("/data/checkpoints");
  return names.filter((name) => name.endsWith(suffix)).map((name) => `/data/checkpoints/${name}`);
}

it("finds nothing in a sound namespace, and changes nothing", async () => {
  const made = await worldWithTail();
  expect(await findings(made)).toEqual([]);
});

it("says what a damaged entry under a checkpoint held, which costs no state", async () => {
  const made = await worldWithTail();
  made.disk.flipBit("/data/journal/0000000000000001.seg", positionOf(made, "a01"));
  const [finding, ...more] = await findings(made);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    kind: "entry_damaged",
    severity: "fault",
    file: "journal/0000000000000001.seg",
    topics: ["orders"],
    events: 2,
  });
});

it("names entries of the tail that no checkpoint covers", async () => {
  const made = await worldWithTail();
  made.disk.flipBit("/data/journal/0000000000000001.seg", positionOf(made, "tail"));
  expect(await kinds(made)).toEqual(["entry_damaged", "tail_incomplete"]);
});

it("finds a damaged checkpoint at its block, and that an older one covers it", async () => {
  const made = await worldWithTail();
  const deltas = await checkpoints(made, ".delta");
  made.disk.flipBit(deltas.at(-1) ?? "", 75);
  expect(await findings(made)).toMatchObject([
    { kind: "checkpoint_damaged", severity: "fault", position: 64 },
  ]);
});

it("finds a damaged header, a chain that lacks a file, and what a stop left", async () => {
  const made = await worldWithTail();
  const [first = "", second = ""] = (await checkpoints(made, ".delta")).slice(-2);
  expect(second).not.toBe("");
  await made.disk.unlink(first);
  const leftover = await made.disk.open("/data/checkpoints/x.base.tmp", "create");
  await leftover.close();
  expect((await kinds(made)).sort()).toEqual(["checkpoint_leftover", "checkpoint_unlinked"]);
  made.disk.flipBit(second, 3);
  expect((await kinds(made)).sort()).toEqual(["checkpoint_damaged", "checkpoint_leftover"]);
});

it("finds checkpoints of another journal, and those that the journal does not reach", async () => {
  const made = await worldWithTail();
  const other = await worldWithTail();
  const [newest = ""] = (await checkpoints(made, ".delta")).slice(-1);
  const file = await made.disk.open("/data/journal/0000000000000001.seg", "write");
  await file.truncate(128);
  expect(await kinds(made)).toEqual(["checkpoint_ahead", "index_unusable"]);
  const bytes = other.disk.content(newest).slice();
  const { crc32c } = await import("@opendxa/pubsub-protocol");
  bytes[8] = (bytes[8] ?? 0) ^ 1;
  new DataView(bytes.buffer).setUint32(60, crc32c(bytes.subarray(0, 60)));
  const foreign = await other.disk.open("/data/checkpoints/ffffffffffffffff.delta", "create");
  await foreign.writev([bytes], 0);
  expect(await kinds(other)).toEqual(["checkpoint_foreign"]);
});

it("takes an index that cannot be used for a notice", async () => {
  const made = await worldWithTail();
  await made.index.write([{ key: "!applied", value: new Uint8Array(8) }]);
  expect(await findings(made)).toMatchObject([{ kind: "index_unusable", severity: "notice" }]);
});
