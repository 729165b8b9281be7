import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { BrokerProcess, refusalOf, requireBuiltBroker } from "../broker-process.test-support.js";
import {
  clientsOf,
  damageJournal,
  JOURNALS,
  journalFolder,
  runCommand,
} from "./offline-process.test-support.js";

// A start takes a second where the machine is idle, and each test starts several programs.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "repair-process-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const IDS = ["first", "second", "third"];

async function servedFolder(...args: string[]): Promise<string> {
  const data = mkdtempSync(join(folder, "data-"));
  const broker = new BrokerProcess(data, args);
  const clients = clientsOf((await broker.serving()).grpc);
  for (const id of IDS) await clients.publish(id);
  await clients.consume("main", (id) => id === "first", "third");
  clients.close();
  expect(await broker.stop()).toBe(0);
  return data;
}

it.each(JOURNALS)("saves all but what is damaged; it is verified and served: %s", async (kind) => {
  const args = ["--journal", kind];
  const data = await servedFolder(...args);
  const file = damageJournal(data, "second");
  // What is newest is verified whole at a start, which therefore refuses.
  const refused = await refusalOf(new BrokerProcess(data, args));
  expect(refused.code).toBe(6);
  expect(refused.sentence).toContain(
    '"opendxa-pubsub repair --to <new folder>" saves what is sound',
  );
  const damaged = readFileSync(join(journalFolder(data), file));
  const to = join(mkdtempSync(join(folder, "case-")), "repaired");
  const { code, lines, sentences } = await runCommand(data, "repair", "--to", to);
  const report = join(to, "repair-report.json");
  expect({ code, lines }).toMatchObject({
    code: 0,
    lines: [
      {
        event: "repaired",
        to,
        report,
        namespaces: [{ name: "default", lost_ranges: 1, lost_events: 1, state_lost_ranges: 0 }],
      },
    ],
  });
  expect(sentences).toHaveLength(1);
  expect(sentences[0]).toContain(report);
  expect(readFileSync(join(journalFolder(data), file)).equals(damaged)).toBe(true);
  const { namespaces } = JSON.parse(readFileSync(report, "utf8")) as {
    namespaces: { default: { lost: unknown[] } };
  };
  expect(namespaces.default.lost).toMatchObject([{ topics: ["poet/events"], events: 1 }]);
  expect(await runCommand(to, "verify")).toMatchObject({ code: 0 });
  const broker = new BrokerProcess(to, args);
  const line = await broker.serving();
  expect(line.rebuilt).toBeNull();
  const clients = clientsOf(line.grpc);
  expect(await clients.consume("main", () => true, "third")).toEqual(["third"]);
  expect(await clients.consume("fresh", () => true, "third")).toEqual(["first", "third"]);
  expect(await clients.publish("fourth")).toBe("stored");
  clients.close();
  expect(await broker.stop()).toBe(0);
});

it("keeps all of a sound folder, and refuses to write into it or into something", async () => {
  const data = await servedFolder();
  const to = join(mkdtempSync(join(folder, "case-")), "repaired");
  const kept = await runCommand(data, "repair", "--to", to);
  expect(kept).toMatchObject({ code: 0, lines: [{ namespaces: [{ lost_ranges: 0 }] }] });
  expect(kept.sentences[0]).toContain("nothing was lost");
  expect(existsSync(join(to, "restore.unfinished"))).toBe(false);
  const before = readdirSync(data);
  expect(await runCommand(data, "repair", "--to", data)).toMatchObject({ code: 2 });
  expect(readdirSync(data)).toEqual(before);
  expect(await runCommand(data, "repair", "--to", to)).toMatchObject({ code: 2 });
});
