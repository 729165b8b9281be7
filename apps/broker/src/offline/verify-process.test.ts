import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { BrokerProcess, requireBuiltBroker } from "../broker-process.test-support.js";
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
  folder = mkdtempSync(join(tmpdir(), "verify-process-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function servedFolder(...args: string[]): Promise<string> {
  const data = mkdtempSync(join(folder, "data-"));
  const broker = new BrokerProcess(data, args);
  const clients = clientsOf((await broker.serving()).grpc);
  for (const id of ["first", "second", "third"]) await clients.publish(id);
  clients.close();
  expect(await broker.stop()).toBe(0);
  return data;
}

/** Names and bytes of all files below a folder, but for the note of who holds the lock. */
function contentOf(data: string): Map<string, string> {
  const names = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile() && item.name !== "lock.owner")
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(names.map((name) => [name, readFileSync(name, "base64")]));
}

it.each([
  ["rocksdb", "segments"],
  ["leveldb", "segments"],
  ["rocksdb", "level"],
])(
  "finds a folder sound and leaves it as it was: index %s, journal %s",
  async (engine, journal) => {
    const data = await servedFolder("--index", engine, "--journal", journal);
    const before = contentOf(data);
    const { code, lines, sentences } = await runCommand(data, "verify", "--index", engine);
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [
        { event: "verified", data, namespaces: ["default"], faults: 0, notices: 0, sound: true },
      ],
    });
    expect(sentences).toEqual([`The data folder ${data} is sound (0 notices).`]);
    expect(contentOf(data)).toEqual(before);
  },
);

it.each(JOURNALS)(
  "names each fault with its place, its entries and the events that they held: %s",
  async (kind) => {
    const data = await servedFolder("--journal", kind);
    const file = damageJournal(data, "second");
    const below = kind === "level" ? "leveldb/" : "";
    const [checkpoint = ""] = readdirSync(join(data, "default", "checkpoints"));
    const journal = journalFolder(data);
    const newest = readdirSync(journal).filter((name) => /seg$|log$/.test(name));
    appendFileSync(join(journal, newest.at(-1) ?? ""), "torn");
    const path = join(data, "default", "checkpoints", checkpoint);
    const bytes = readFileSync(path);
    bytes[4] = (bytes[4] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { code, lines, sentences } = await runCommand(data, "verify");
    expect(code).toBe(6);
    const isHeld = ({ topics }: Record<string, unknown>) => topics !== undefined;
    const events = lines.filter(isHeld);
    expect(events).toMatchObject([
      { namespace: "default", severity: "fault", topics: ["poet/events"], events: 1 },
    ]);
    expect(events[0]).toHaveProperty("first_sequence", events[0]?.["last_sequence"]);
    expect(lines).toContainEqual(
      expect.objectContaining({ severity: "fault", file: `journal/${below}${file}` }),
    );
    const kinds = lines.map(({ kind: found, severity }) => [found, severity]);
    expect(kinds).toContainEqual(["torn_tail", "notice"]);
    expect(kinds).toContainEqual(["checkpoint_damaged", "fault"]);
    expect(lines.at(-1)).toMatchObject({ event: "verified", sound: false });
    expect(sentences.length).toBe(lines.length);
    expect(sentences[lines.findIndex(isHeld)]).toContain("1 events of poet/events");
    expect(sentences.at(-1)).toContain('"opendxa-pubsub repair --to <new folder>"');
  },
);

it("takes a torn tail for no fault, and an index that does not open for one", async () => {
  const data = await servedFolder("--index", "leveldb");
  const journal = join(data, "default", "journal");
  const [segment = ""] = readdirSync(journal);
  appendFileSync(join(journal, segment), "torn");
  expect(await runCommand(data, "verify", "--index", "leveldb")).toMatchObject({
    code: 0,
    lines: [{ kind: "torn_tail", severity: "notice", bytes: 4 }, { sound: true }],
  });
  const other = await runCommand(data, "verify", "--index", "rocksdb");
  expect(other).toMatchObject({ code: 6 });
  expect(other.lines[0]).toMatchObject({ kind: "index_refused" });
  expect(other.sentences[0]).toContain('"opendxa-pubsub index rebuild"');
});

it("names segments that are all gone by the checkpoint that knows them", async () => {
  const data = await servedFolder();
  rmSync(join(data, "default", "journal"), { recursive: true });
  mkdirSync(join(data, "default", "journal"));
  const { code, lines } = await runCommand(data, "verify");
  expect(code).toBe(6);
  expect(lines.filter(({ severity }) => severity === "fault")).toMatchObject([
    { kind: "checkpoint_ahead", first_sequence: "1" },
  ]);
  const backup = await runCommand(data, "backup", "--to", join(data, "backup"));
  expect(backup).toMatchObject({ code: 6 });
  expect(backup.sentences[0]).toContain("There is no segment in");
});

it("refuses a folder that a broker uses, and one without a journal", async () => {
  const data = mkdtempSync(join(folder, "data-"));
  const none = await runCommand(data, "verify");
  expect(none).toMatchObject({ code: 2, lines: [] });
  const broker = new BrokerProcess(data);
  await broker.serving();
  const used = await runCommand(data, "verify");
  expect(used).toMatchObject({ code: 3, lines: [] });
  expect(used.sentences).toHaveLength(1);
  expect(await broker.stop()).toBe(0);
});
