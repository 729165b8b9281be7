import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import { dumpState } from "./simulated.js";
import { liveUpgradeLife } from "./test/upgrade-life.js";
import { Inbox, until, World } from "./test/world.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/upgrade/", import.meta.url));
const versions = readdirSync(FIXTURES).filter((name) => /^\d/.test(name));

/** A copy of a fixture's data folder on a simulated disk. */
async function copyOf(version: string): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ seed: 1 });
  await disk.mkdir("/data");
  for (const folder of ["journal", "checkpoints"]) {
    await disk.mkdir(`/data/${folder}`);
    for (const name of readdirSync(`${FIXTURES}${version}/${folder}`)) {
      const file = await disk.open(`/data/${folder}/${name}`, "create");
      await file.writev([readFileSync(`${FIXTURES}${version}/${folder}/${name}`)], 0);
      await file.sync();
    }
    await disk.syncDirectory(`/data/${folder}`);
  }
  return disk;
}

function dumpIn(version: string): string[] {
  return readFileSync(`${FIXTURES}${version}/dump.txt`, "utf8").trimEnd().split("\n");
}

it("has a fixture at all", () => {
  expect(versions.length).toBeGreaterThan(0);
});

it.each(versions)("opens what %s left, with the same state, and goes on", async (version) => {
  const made = new World(1, { disk: await copyOf(version) });
  await made.open();
  await until(() => made.engine.stats().indexedSequence === made.engine.stats().durableSequence);
  expect(made.warnings.filter((warning) => warning.startsWith("a checkpoint"))).toEqual([]);
  expect(await dumpState(made.index)).toEqual(dumpIn(version));
  const inbox = new Inbox();
  await made.join("consumer", inbox);
  expect(await made.publish("none", "after")).toBe(25n);
  await until(() => inbox.ids.includes("after"));
  // What was leased when that life ended comes again once its backoff is over.
  made.clock.advance(120_000);
  await until(() => inbox.ids.includes("n-0-4"));
  expect(inbox.ids).not.toContain("n-0-0");
  await made.engine.close();
});

it("lives a life that leaves every kind of state", async () => {
  const { files, dump } = await liveUpgradeLife();
  const kinds = new Set(dump.map((line) => line.slice(0, line.indexOf("/"))));
  for (const kind of "topic part prod pwin dd sub cur exc x k pf rf w t b s i c".split(" ")) {
    expect(kinds).toContain(kind);
  }
  const names = [...files.keys()];
  expect(names.filter((name) => name.endsWith(".seg")).length).toBeGreaterThan(2);
  expect(names.filter((name) => name.endsWith(".base"))).not.toEqual([]);
  expect(names.filter((name) => name.endsWith(".delta")).length).toBeGreaterThan(1);
});
