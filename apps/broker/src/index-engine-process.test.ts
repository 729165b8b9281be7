import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  BrokerProcess,
  publisherAt,
  refusalOf,
  requireBuiltBroker,
} from "./broker-process.test-support.js";

// A start takes a second where the machine is idle, and several tests start three brokers.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "index-engine-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const UNLOADABLE = { machine: "unloadable-rocksdb" } as const;

/** Starts a broker, publishes an event, stops it; answers what it said. */
async function runOnce(...started: ConstructorParameters<typeof BrokerProcess>) {
  const broker = new BrokerProcess(...started);
  const line = await broker.serving();
  const publisher = publisherAt(line.grpc);
  expect(await publisher.publish(`e-${line.start_number}`)).toBe("stored");
  publisher.close();
  expect(await broker.stop()).toBe(0);
  const warnings = broker.stderr.split("\n").filter((text) => text.includes('"level":"warn"'));
  return { line, warnings };
}

function indexOf(data: string) {
  const index = join(data, "default", "index");
  const marker: unknown = JSON.parse(readFileSync(join(index, "engine.json"), "utf8"));
  const [engine = ""] = readdirSync(index).filter((name) => name !== "engine.json");
  return { marker, engine, files: readdirSync(join(index, engine)) };
}

/** Rebuilds an index with the program's own command. */
async function rebuild(data: string, ...args: string[]) {
  const program = new BrokerProcess(data, args, { command: ["index", "rebuild"] });
  const line = await program.serving();
  expect(await program.ended()).toBe(0);
  return line;
}

it("serves by RocksDB where nothing is said: its own files lie on the disk", async () => {
  const data = mkdtempSync(join(folder, "default-"));
  const { line, warnings } = await runOnce(data);
  expect(line.index).toBe("rocksdb");
  expect(warnings).toEqual([]);
  const { marker, engine, files } = indexOf(data);
  expect(marker).toEqual({ format: 1, engine: "rocksdb", isFallback: false });
  expect(engine).toBe("rocksdb");
  expect(files).toEqual(expect.arrayContaining(["CURRENT", "IDENTITY"]));
  expect(files.some((name) => name.startsWith("OPTIONS-"))).toBe(true);
});

it("falls back to LevelDB with one warning where RocksDB's binary does not load, and stays", async () => {
  const data = mkdtempSync(join(folder, "fallback-"));
  const first = await runOnce(data, [], UNLOADABLE);
  expect(first.line).toMatchObject({ index: "leveldb", start_number: 1 });
  expect(first.warnings).toHaveLength(1);
  const [warning = "{}"] = first.warnings;
  expect(JSON.parse(warning)).toMatchObject({ event: "index_store_fallback", engine: "leveldb" });
  expect(warning).toContain("RocksDB does not load on this machine");
  const { marker, engine, files } = indexOf(data);
  expect(marker).toEqual({ format: 1, engine: "leveldb", isFallback: true });
  expect(engine).toBe("leveldb");
  expect(files).toContain("CURRENT");
  // RocksDB writes these and LevelDB never does.
  expect(files.filter((name) => /^(IDENTITY|OPTIONS-.*)$/.test(name))).toEqual([]);
  const second = await runOnce(data, [], UNLOADABLE);
  expect(second.line).toMatchObject({ index: "leveldb", start_number: 2, rebuilt: null });
  expect(second.warnings).toEqual([]);
});

it("does not fall back where RocksDB is asked for", async () => {
  const data = mkdtempSync(join(folder, "asked-"));
  const { code, sentence } = await refusalOf(
    new BrokerProcess(data, ["--index", "rocksdb"], UNLOADABLE),
  );
  expect(code).toBe(6);
  expect(sentence).toContain("RocksDB does not load on this machine");
});

it.each([
  ["leveldb", "rocksdb", "leveldb wrote it and rocksdb is to be used now"],
  ["rocksdb", "leveldb", "rocksdb wrote it and leveldb is to be used now"],
])(
  "refuses an index of %s for %s, and the command that it names rebuilds it",
  async (written, wanted, why) => {
    const data = mkdtempSync(join(folder, "other-"));
    await runOnce(data, ["--index", written]);
    expect(await refusalOf(new BrokerProcess(data, ["--index", wanted]))).toEqual({
      code: 6,
      sentence:
        `The namespace "default" cannot be opened: The index in ${join(data, "default", "index")} ` +
        `cannot be used, because ${why}; nothing is lost, "opendxa-pubsub index rebuild" with the same ` +
        "flags builds it anew from the journal.",
    });
    expect(await rebuild(data, "--index", wanted)).toMatchObject({
      event: "index_rebuilt",
      namespace: "default",
      index: wanted,
    });
    expect(indexOf(data).engine).toBe(wanted);
    const again = await runOnce(data, ["--index", wanted]);
    expect(again.line).toMatchObject({ index: wanted, rebuilt: null });
  },
);

it("refuses RocksDB's index where RocksDB does not load any more", async () => {
  const data = mkdtempSync(join(folder, "lost-"));
  await runOnce(data);
  const { code, sentence } = await refusalOf(new BrokerProcess(data, [], UNLOADABLE));
  expect(code).toBe(6);
  expect(sentence).toContain("RocksDB wrote it and does not load on this machine");
  expect(sentence).toContain('"opendxa-pubsub index rebuild" with the same flags');
});

it("rebuilds nothing where there is no journal, and nothing under a broker that runs", async () => {
  const nowhere = join(folder, "nowhere");
  const command = ["index", "rebuild"];
  expect(await refusalOf(new BrokerProcess(nowhere, [], { command }))).toMatchObject({
    code: 2,
    sentence: expect.stringContaining(`The data folder ${nowhere} holds no journal`),
  });
  expect(readdirSync(folder)).not.toContain("nowhere");
  const data = mkdtempSync(join(folder, "running-"));
  const broker = new BrokerProcess(data);
  await broker.serving();
  expect(await refusalOf(new BrokerProcess(data, [], { command }))).toMatchObject({ code: 3 });
  expect(await broker.stop()).toBe(0);
});
