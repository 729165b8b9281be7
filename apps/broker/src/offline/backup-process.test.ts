import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BrokerProcess, refusalOf, requireBuiltBroker } from "../broker-process.test-support.js";
import { clientsOf, JOURNALS, runCommand } from "./offline-process.test-support.js";

// A start takes a second where the machine is idle, and each test starts several programs.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "backup-process-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const place = (name: string) => join(mkdtempSync(join(folder, "case-")), name);
const firstIds = ["e0", "e1", "e2", "e3", "e4"];

/** A data folder that a broker served and left, in order or not. */
async function servedFolder(
  signal: NodeJS.Signals = "SIGTERM",
  args: readonly string[] = [],
): Promise<string> {
  const data = place("data");
  const broker = new BrokerProcess(data, args);
  const clients = clientsOf((await broker.serving()).grpc);
  for (const id of firstIds) expect(await clients.publish(id)).toBe("stored");
  clients.close();
  await broker.stop(signal);
  return data;
}

it.each(JOURNALS)("backs up under publishers; what is restored goes on there: %s", async (kind) => {
  const args = ["--journal", kind];
  const data = place("data");
  const broker = new BrokerProcess(data, args);
  const clients = clientsOf((await broker.serving()).grpc);
  for (const id of firstIds) expect(await clients.publish(id)).toBe("stored");
  await clients.consume("main", (id) => id < "e3", "e4");
  await clients.expectFeedback();
  const before = await clients.feedbackState();
  const acknowledged: string[] = [];
  let isOver = false;
  const publishing = (async () => {
    for (let i = 0; !isOver; i += 1) {
      expect(await clients.publish(`p${i}`)).toBe("stored");
      acknowledged.push(`p${i}`);
    }
  })();
  while (acknowledged.length < 20) await clients.publish("filler");
  const promised = [...acknowledged];
  const backup = place("backup");
  const made = await runCommand(data, "backup", "--to", backup);
  isOver = true;
  await publishing;
  expect(made).toMatchObject({ code: 0, sentences: [], lines: [{ event: "backed_up" }] });
  clients.close();
  expect(await broker.stop()).toBe(0);

  const restored = place("data");
  const done = await runCommand(restored, "restore", "--from", backup);
  expect(done).toMatchObject({ code: 0, lines: [{ event: "restored", state: "equal" }] });
  const again = new BrokerProcess(restored, args);
  const line = await again.serving();
  expect(line).toMatchObject({ rebuilt: null, start_number: 2 });
  const later = clientsOf(line.grpc);
  expect(await later.feedbackState()).toEqual(before);
  const rest = await later.consume("main", () => true, promised.at(-1) ?? "");
  expect(rest.filter((id) => id.startsWith("e")).sort()).toEqual(["e3", "e4"]);
  const all = await later.consume("fresh", () => true, promised.at(-1) ?? "");
  expect(all.filter((id) => firstIds.includes(id) || promised.includes(id))).toEqual([
    ...firstIds,
    ...promised,
  ]);
  expect(await later.publish("new")).toBe("stored");
  later.close();
  expect(await again.stop()).toBe(0);
});

it.each(JOURNALS)("backs up what a killed broker left, to its valid end: %s", async (kind) => {
  const args = ["--journal", kind];
  const data = await servedFolder("SIGKILL", args);
  const backup = place("backup");
  expect(await runCommand(data, "backup", "--to", backup)).toMatchObject({ code: 0 });
  const restored = place("data");
  expect(await runCommand(restored, "restore", "--from", backup)).toMatchObject({ code: 0 });
  const broker = new BrokerProcess(restored, args);
  const clients = clientsOf((await broker.serving()).grpc);
  expect(await clients.consume("fresh", () => true, "e4")).toEqual(firstIds);
  clients.close();
  expect(await broker.stop()).toBe(0);
});

describe("refuses with one sentence", () => {
  it("to back up nothing, or into something", async () => {
    const nowhere = place("none");
    const none = await runCommand(nowhere, "backup", "--to", place("backup"));
    expect(none).toMatchObject({ code: 2, lines: [] });
    expect(none.sentences).toEqual([
      `The data folder ${nowhere} holds no journal: name the folder with --data.`,
    ]);
    expect(existsSync(nowhere)).toBe(false);
    const data = await servedFolder();
    const full = place("backup");
    mkdirSync(full);
    writeFileSync(join(full, "mine"), "");
    const overwriting = await runCommand(data, "backup", "--to", full);
    expect(overwriting).toMatchObject({ code: 2 });
    expect(overwriting.sentences).toEqual([
      `The folder ${full} is not empty: a backup goes into a new one.`,
    ]);
  });

  it("to restore what is no backup, is damaged, or would overwrite", async () => {
    const data = await servedFolder();
    const backup = place("backup");
    const target = place("data");
    mkdirSync(backup);
    const none = await runCommand(target, "restore", "--from", backup);
    expect(none).toMatchObject({ code: 6 });
    expect(none.sentences[0]).toContain("is no backup: it has no manifest.json");
    expect(await runCommand(data, "backup", "--to", backup)).toMatchObject({ code: 0 });
    const over = await runCommand(data, "restore", "--from", backup);
    expect(over).toMatchObject({ code: 2 });
    expect(over.sentences[0]).toContain("nothing is ever overwritten");
    const journal = join(backup, "default", "journal");
    const [segment = ""] = readdirSync(journal);
    const bytes = readFileSync(join(journal, segment));
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(join(journal, segment), bytes);
    const damaged = await runCommand(target, "restore", "--from", backup);
    expect(damaged).toMatchObject({ code: 6 });
    expect(damaged.sentences[0]).toContain(`${segment} has another SHA-256`);
    expect(readdirSync(target)).toEqual(["lock.owner"]);
  });

  it("to serve a restore that was cut off", async () => {
    const data = place("data");
    mkdirSync(data);
    writeFileSync(join(data, "restore.unfinished"), "");
    expect(await refusalOf(new BrokerProcess(data))).toEqual({
      code: 6,
      sentence:
        `The data folder ${data} holds a restore or repair that was cut off: ` +
        "remove what is in it and begin again; what it was made from is as it was.",
    });
  });
});
