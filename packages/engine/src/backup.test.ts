import type { IndexStore } from "@opendxa/pubsub-index-store";
import { salvageJournal } from "@opendxa/pubsub-journal";
import {
  Execution,
  FeedbackEvent,
  StartPosition,
  SubmitFeedbackRequest,
} from "@opendxa/pubsub-protocol";
import { CRASH_MODES, SeededRandom, SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { BackupError } from "./backup-error.js";
import { MANIFEST_NAME, readManifest } from "./backup-manifest.js";
import { backupAttemptsMax, backupManifestBytesMax } from "./limits.js";
import { stateHash } from "./replayed-state.js";
import { BACKUP, backUp, movingOn, RESTORED, restore } from "./test/backup-world.js";
import { Inbox, until, World } from "./test/world.js";
import { UNFINISHED_NAME } from "./unfinished-folder.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const MANIFEST = `${BACKUP}/${MANIFEST_NAME}`;

/** Events settled in part, executions, feedback that waits, two checkpoints and a tail. */
async function busyWorld(): Promise<World> {
  const made = new World();
  await made.open();
  const inbox = new Inbox();
  const consumer = await made.join("s", inbox, { patterns: ["orders"], start: earliest });
  await made.engine.createTopic("orders", undefined);
  for (let i = 0; i < 10; i++) await made.publish("orders", `a${i}`, `b${i}`);
  await until(() => inbox.ids.length === 20);
  made.ack(consumer, inbox.received.slice(3, 9));
  made.nack(consumer, inbox.received[12]!, 60_000);
  await until(() => inbox.verdictsSeen.length > 0);
  for (let round = 0; round < 2; round++) {
    made.clock.advance(10_000);
    await made.publish("orders", `c${round}`);
    await settled(made);
  }
  const feedback = FeedbackEvent.create({ feedbackType: "quality", metrics: { score: 1 } });
  const correlationKeys = ["mlflow:run:1"];
  await made.engine.submitFeedback(
    SubmitFeedbackRequest.create({ id: "f", correlationKeys, feedback }),
  );
  await made.engine.registerExecution(
    Execution.create({ executionId: "x", functionName: "f", correlationKeys: ["mlflow:run:2"] }),
  );
  await settled(made);
  return made;
}

async function settled({ engine }: World): Promise<void> {
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
}

const online = (made: World) => ({
  quietly: <Result>(run: (isQuiet: boolean) => Promise<Result>) => run(false),
  timers: movingOn(made.clock),
});

const errorOf = (promise: Promise<unknown>): Promise<BackupError> =>
  promise.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: unknown) => (error instanceof BackupError ? error : Promise.reject(error as Error)),
  );

/** Opens an engine where a backup was restored; answers a world on it. */
async function openRestored(disk: SimulatedDisk): Promise<World> {
  const made = new World(1, { disk, folder: `${RESTORED}/data` });
  await made.open();
  return made;
}

async function dump(index: IndexStore): Promise<Map<string, string>> {
  const lines = new Map<string, string>();
  for await (const { key, value } of index.iterate({})) {
    if (!key.startsWith("!")) lines.set(key, Buffer.from(value).toString("hex"));
  }
  return lines;
}

it("backs up under a running engine, and restores the same state to the byte", async () => {
  const made = await busyWorld();
  const expected = await stateHash(made.index);
  const before = await dump(made.index);
  const { durableSequence } = made.engine.stats();
  const manifest = await backUp(made.disk, online(made));
  expect(await readManifest(made.disk, BACKUP)).toEqual(manifest);
  expect(manifest.namespaces).toMatchObject([
    { name: "data", firstSequence: 1n, lastSequence: durableSequence, stateSha256: expected },
  ]);
  expect(manifest.namespaces[0]?.checkpointSequence).toBeGreaterThan(0n);
  const paths = manifest.namespaces[0]?.files.map(({ path }) => path) ?? [];
  expect(paths.filter((path) => path.startsWith("checkpoints/")).length).toBeGreaterThan(1);
  await made.publish("orders", "later");
  expect(await restore(made.disk)).toEqual(manifest);
  const again = await openRestored(made.disk);
  await settled(again);
  const after = await dump(again.index);
  const differing = [...after].filter(([key, value]) => before.get(key) !== value);
  // Only the start itself differs.
  expect(differing.map(([key]) => key)).toEqual(["ns"]);
  expect([...before.keys()].filter((key) => !after.has(key))).toEqual([]);
  const inbox = new Inbox();
  await again.join("s", inbox);
  await until(() => inbox.ids.includes("c1"));
  expect(inbox.ids).not.toContain("b1");
  expect(inbox.ids).not.toContain("later");
});

it("goes on while events are published, and has all that was acknowledged before", async () => {
  const made = await busyWorld();
  let isOver = false;
  const acknowledged: string[] = [];
  const publishing = (async () => {
    for (let i = 0; !isOver; i += 1) {
      await made.publish("orders", `p${i}`);
      acknowledged.push(`p${i}`);
      if (i % 5 === 0) made.clock.advance(10_000);
      // The simulated disk takes no time: others must get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await until(() => acknowledged.length > 5);
  const before = acknowledged.length;
  await backUp(made.disk, online(made));
  isOver = true;
  await publishing;
  await restore(made.disk);
  const inbox = new Inbox();
  const again = await openRestored(made.disk);
  await again.join("fresh", inbox, { patterns: ["orders"], start: earliest });
  await until(() => inbox.ids.includes(acknowledged[before - 1]!));
  const restored = inbox.ids.filter((id) => id.startsWith("p"));
  expect(restored.slice(0, before)).toEqual(acknowledged.slice(0, before));
});

it("begins again when files go away, and gives up after so many times", async () => {
  const made = await busyWorld();
  await made.engine.close();
  const link = made.disk.link.bind(made.disk);
  let failures = backupAttemptsMax - 1;
  Object.assign(made.disk, {
    link: async (from: string, to: string) => {
      failures -= 1;
      await link(failures < 0 ? from : "/nowhere", to);
    },
  });
  await backUp(made.disk);
  failures = backupAttemptsMax;
  expect(await errorOf(backUp(made.disk, { to: "/second" }))).toMatchObject({ reason: "changing" });
  expect(await made.disk.exists(`/second/${MANIFEST_NAME}`)).toBe(false);
});

it("builds the state from the journal where no checkpoint is sound", async () => {
  const made = await busyWorld();
  await made.engine.close();
  for (const name of await made.disk.readdir("/data/checkpoints")) {
    made.disk.flipBit(`/data/checkpoints/${name}`, 70);
  }
  expect((await backUp(made.disk)).namespaces[0]?.checkpointSequence).toBe(0n);
});

describe("refuses", () => {
  it("a damaged journal, whose manifest is never written", async () => {
    const made = await busyWorld();
    await made.engine.close();
    const [name = ""] = await made.disk.readdir("/data/journal");
    made.disk.flipBit(`/data/journal/${name}`, 700);
    const error = await errorOf(backUp(made.disk));
    expect(error.reason).toBe("damaged");
    expect(error.message).toContain('"opendxa-pubsub repair"');
    expect(await made.disk.exists(MANIFEST)).toBe(false);
    expect(await errorOf(restore(made.disk))).toMatchObject({ reason: "no_backup" });
  });

  it("a hole behind the newest checkpoint, over which no state can be built", async () => {
    const made = await busyWorld();
    await made.engine.close();
    const [name = ""] = await made.disk.readdir("/data/journal");
    const path = `/data/journal/${name}`;
    made.disk.flipBit(path, Buffer.from(made.disk.content(path)).indexOf("a3"));
    const random = new SeededRandom(2);
    await salvageJournal({ disk: made.disk, from: "/data/journal", to: "/gap/journal", random });
    const error = await errorOf(backUp(made.disk, { namespaces: ["gap"] }));
    expect(error).toMatchObject({ reason: "damaged" });
    expect(error.message).toContain("no sound checkpoint covers the entries");
  });

  it("to overwrite anything, in both directions", async () => {
    const made = await busyWorld();
    await made.engine.close();
    await backUp(made.disk);
    expect(await errorOf(backUp(made.disk))).toMatchObject({ reason: "target_not_empty" });
    await restore(made.disk);
    expect(await errorOf(restore(made.disk))).toMatchObject({ reason: "target_not_empty" });
  });

  it.each(["journal", "checkpoints"])(
    "a backup whose %s lost a bit, before it writes",
    async (kind) => {
      const made = await busyWorld();
      await made.engine.close();
      await backUp(made.disk);
      const folder = `${BACKUP}/data/${kind}`;
      const [name = ""] = await made.disk.readdir(folder);
      made.disk.flipBit(`${folder}/${name}`, 70);
      const before = made.disk.operations;
      const error = await errorOf(restore(made.disk));
      expect(error).toMatchObject({ reason: "damaged" });
      expect(error.message).toContain(name);
      expect(made.disk.operations).toBe(before);
    },
  );

  it("a backup that lacks a file, or has one cut short", async () => {
    const made = await busyWorld();
    await made.engine.close();
    const { namespaces } = await backUp(made.disk);
    const path = `${BACKUP}/data/${namespaces[0]?.files[0]?.path}`;
    const file = await made.disk.open(path, "write");
    await file.truncate(3);
    expect((await errorOf(restore(made.disk))).message).toContain("has 3 bytes");
    await made.disk.unlink(path);
    expect((await errorOf(restore(made.disk))).message).toContain("is missing");
  });

  it.each([
    ["format", 2, "its format is 2"],
    ["brokerVersion", 7, "a value in it"],
    ["namespaces", [{ name: "../x" }], "a value in it"],
    ["namespaces", "none", "a value in it"],
    ["namespaces", [null], "a value in it"],
    ["timeUnixMs", -1, "a value in it"],
  ])("a manifest whose %s is %j", async (key, value, why) => {
    const made = await busyWorld();
    await made.engine.close();
    await backUp(made.disk);
    const content = JSON.parse(Buffer.from(made.disk.content(MANIFEST)).toString()) as object;
    await made.disk.unlink(MANIFEST);
    const file = await made.disk.open(MANIFEST, "create");
    await file.writev([Buffer.from(JSON.stringify({ ...content, [key]: value }))], 0);
    const error = await errorOf(restore(made.disk));
    expect(error.reason).toBe("no_backup");
    expect(error.message).toContain(why);
  });

  it("a manifest above its bound", async () => {
    const disk = new SimulatedDisk({ seed: 1 });
    await disk.mkdir(BACKUP);
    const file = await disk.open(MANIFEST, "create");
    await file.truncate(backupManifestBytesMax + 1);
    expect((await errorOf(restore(disk))).message).toContain("it is too large");
  });

  it("a state that differs after the same entries, and leaves the folder unusable", async () => {
    const made = await busyWorld();
    await made.engine.close();
    const { namespaces } = await backUp(made.disk);
    const text = Buffer.from(made.disk.content(MANIFEST)).toString();
    await made.disk.unlink(MANIFEST);
    const file = await made.disk.open(MANIFEST, "create");
    const other = text.replace(namespaces[0]?.stateSha256 ?? "", "0".repeat(64));
    await file.writev([Buffer.from(other)], 0);
    expect(await errorOf(restore(made.disk))).toMatchObject({ reason: "damaged" });
    expect(await made.disk.exists(`${RESTORED}/${UNFINISHED_NAME}`)).toBe(true);
  });
});

describe("a power cut at every operation", () => {
  async function closedWorld(disk = new SimulatedDisk({ seed: 1 })): Promise<World> {
    const made = new World(1, { disk });
    await made.open();
    await made.engine.createTopic("orders", undefined);
    await made.publish("orders", "a", "b");
    made.clock.advance(10_000);
    await made.publish("orders", "c");
    await settled(made);
    await made.engine.close();
    return made;
  }

  it("of a backup leaves a whole one or none", async () => {
    const life = await closedWorld();
    const begin = life.disk.operations;
    await backUp(life.disk);
    const operations = life.disk.operations - begin;
    expect(operations).toBeGreaterThan(20);
    let whole = 0;
    for (let cut = 0; cut <= operations; cut += 1) {
      for (const mode of CRASH_MODES) {
        const { disk } = await closedWorld();
        disk.cutAfterOperations(cut);
        await backUp(disk).catch(() => undefined);
        disk.crash({ mode });
        if (!(await disk.exists(MANIFEST))) continue;
        whole += 1;
        await restore(disk);
      }
    }
    expect(whole).toBeGreaterThanOrEqual(CRASH_MODES.length);
  }, 120_000);

  it.each([{ ignoreDatasync: true }, { ignoreDirectorySync: true }])(
    "would be noticed with %o (negative control)",
    async (control) => {
      const { disk } = await closedWorld(new SimulatedDisk({ seed: 1, ...control }));
      await backUp(disk);
      disk.crash({ mode: "drop" });
      await expect(restore(disk)).rejects.toThrow();
    },
  );

  it("of a restore leaves all or nothing that is served", async () => {
    const life = await closedWorld();
    await backUp(life.disk);
    const begin = life.disk.operations;
    await restore(life.disk);
    const operations = life.disk.operations - begin;
    expect(operations).toBeGreaterThan(20);
    let served = 0;
    for (let cut = 0; cut <= operations; cut += 1) {
      for (const mode of CRASH_MODES) {
        const { disk } = await closedWorld();
        const { namespaces } = await backUp(disk);
        disk.cutAfterOperations(cut);
        await restore(disk).catch(() => undefined);
        disk.crash({ mode });
        const isServed =
          (await disk.exists(`${RESTORED}/data`)) &&
          !(await disk.exists(`${RESTORED}/${UNFINISHED_NAME}`));
        if (!isServed) continue;
        served += 1;
        const again = await openRestored(disk);
        expect(again.engine.info.recoveredSequence).toBe(namespaces[0]?.lastSequence);
        await again.engine.close();
      }
    }
    expect(served).toBeGreaterThanOrEqual(CRASH_MODES.length);
  }, 120_000);
});
