import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
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
  folder = mkdtempSync(join(tmpdir(), "broker-process-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("refuses with one sentence and its own exit code", () => {
  it("a key that is none", async () => {
    const config = join(folder, "bad.yaml");
    writeFileSync(config, "grcp: 127.0.0.1:1\n");
    expect(await refusalOf(new BrokerProcess(folder, ["--config", config]))).toEqual({
      code: 2,
      sentence:
        `The key "grcp" (from file ${config}) is not known here; known are grpc, http, data, ` +
        "namespaces, index, journal, logLevel, shutdownGraceMs, heartbeatMs, clockConfirmed, ingress, limits.",
    });
  });

  it("a value, a flag or a word that is none", async () => {
    const environment = { OPENDXA_PUBSUB_INDEX: "sqlite" };
    expect(await refusalOf(new BrokerProcess(folder, [], { environment }))).toEqual({
      code: 2,
      sentence:
        'The key "index" (from environment variable OPENDXA_PUBSUB_INDEX) must be one of auto, rocksdb, leveldb.',
    });
    expect(await refusalOf(new BrokerProcess(folder, ["--dta", "1"]))).toEqual({
      code: 2,
      sentence: "unknown option '--dta' (Did you mean --data?)",
    });
    expect(await refusalOf(new BrokerProcess(folder, ["sevre"]))).toEqual({
      code: 2,
      sentence: 'There is no such command; "opendxa-pubsub --help" lists them.',
    });
  });

  it("a folder on which a broker runs, which goes on", async () => {
    const data = mkdtempSync(join(folder, "locked-"));
    const first = new BrokerProcess(data);
    const { grpc, http } = await first.serving();
    expect(await refusalOf(new BrokerProcess(data))).toEqual({
      code: 3,
      sentence:
        `The data folder ${data} is in use by another broker (process ${first.child.pid}): ` +
        "stop that one, or name another folder with --data.",
    });
    expect((await fetch(`http://${http}/readyz`)).status).toBe(200);
    const publisher = publisherAt(grpc);
    expect(await publisher.publish("e-1")).toBe("stored");
    publisher.close();
    expect(await first.stop()).toBe(0);
  });

  it("a folder that cannot be made", async () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    const data = join(file, "data");
    expect(await refusalOf(new BrokerProcess(data))).toEqual({
      code: 5,
      sentence:
        `The folder ${data} cannot be made or written (ENOTDIR, not a directory): ` +
        "give this user the right to write there, or name another data folder with --data.",
    });
  });

  it("a folder that cannot be written", async () => {
    const data = mkdtempSync(join(folder, "full-"));
    const { code, sentence } = await refusalOf(new BrokerProcess(data, [], { fileKibMax: 0 }));
    expect(code).toBe(5);
    expect(sentence).toContain(
      `The folder ${data} cannot be made or written (EFBIG, file too large)`,
    );
  });

  it("a namespace's folder that cannot be made", async () => {
    const data = mkdtempSync(join(folder, "namespace-"));
    writeFileSync(join(data, "default"), "");
    const { code, sentence } = await refusalOf(new BrokerProcess(data));
    expect(code).toBe(5);
    expect(sentence).toContain(
      `The folder ${join(data, "default")} cannot be made or written (EEXIST`,
    );
  });

  it.each(["grpc", "http"])("a %s port in use", async (key) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const bound = other.address();
    const port = typeof bound === "object" ? bound?.port : undefined;
    const data = mkdtempSync(join(folder, "port-"));
    const broker = new BrokerProcess(data, [`--${key}`, `127.0.0.1:${port}`]);
    expect(await refusalOf(broker)).toEqual({
      code: 4,
      sentence:
        `The ${key} address 127.0.0.1:${port} cannot be listened on, because another process ` +
        `listens on it: name another with --${key} (port 0 takes a free one).`,
    });
    other.close();
  });

  it.each(["grpc", "http"])("a %s address of another machine", async (key) => {
    const data = mkdtempSync(join(folder, "address-"));
    // Of the range that documentation may use and no machine has.
    const { code, sentence } = await refusalOf(
      new BrokerProcess(data, [`--${key}`, "192.0.2.1:50051"]),
    );
    expect(code).toBe(4);
    expect(sentence).toContain(
      "192.0.2.1:50051 cannot be listened on, because this machine does not have it",
    );
  });
});

describe("a start on a fresh folder", () => {
  it("is served by RocksDB, on free ports, with 16 threads for the file system", async () => {
    const data = mkdtempSync(join(folder, "fresh-"));
    const broker = new BrokerProcess(data);
    const line = await broker.serving();
    expect(line).toMatchObject({
      event: "serving",
      index: "rocksdb",
      journal: "segments",
      start_number: 1,
      replayed_entries: 0,
    });
    expect(line.grpc).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect((await fetch(`http://${line.http}/readyz`)).status).toBe(200);
    expect(readdirSync(join(data, "default")).sort()).toEqual(["checkpoints", "index", "journal"]);
    expect(readdirSync(join(data, "default", "index"))).toContain("rocksdb");
    expect(broker.stderr).not.toContain("few_threads");
    if (process.platform === "linux") {
      expect(readdirSync(`/proc/${broker.child.pid}/task`).length).toBeGreaterThan(16);
    }
    expect(await broker.stop()).toBe(0);
    const again = new BrokerProcess(data);
    expect(await again.serving()).toMatchObject({ start_number: 2 });
    expect(await again.stop("SIGINT")).toBe(0);
  });

  it("serves several namespaces, each in its folder", async () => {
    const data = mkdtempSync(join(folder, "many-"));
    const broker = new BrokerProcess(data, ["--namespaces", "default,other"]);
    await broker.serving();
    expect(readdirSync(data)).toEqual(expect.arrayContaining(["default", "other"]));
    expect(await broker.stop()).toBe(0);
  });
});

it("warns where Node's pool has too few threads for the syncs of the namespaces", async () => {
  const data = mkdtempSync(join(folder, "threads-"));
  const environment = { UV_THREADPOOL_SIZE: "15" };
  const broker = new BrokerProcess(data, [], { environment });
  await broker.serving();
  await broker.said('"event":"few_threads","threads":15,"wanted":16');
  expect(await broker.stop()).toBe(0);
});

describe("a journal that cannot be written any more", () => {
  const FILE_KIB_MAX = 2_048;
  const BODY_BYTES = 512 * 1024;

  it("stops accepting, answers STORAGE_FAILED and is not ready, until it is restarted", async () => {
    const data = mkdtempSync(join(folder, "failing-"));
    const broker = new BrokerProcess(data, [], { fileKibMax: FILE_KIB_MAX });
    const line = await broker.serving();
    const publisher = publisherAt(line.grpc);
    const outcomes: string[] = [];
    for (let index = 0; index < 8; index += 1) {
      outcomes.push(await publisher.publish(`e-${index}`, BODY_BYTES));
    }
    const stored = outcomes.lastIndexOf("stored") + 1;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(outcomes.length);
    expect(new Set(outcomes.slice(stored))).toEqual(new Set(["STORAGE_FAILED"]));
    expect((await fetch(`http://${line.http}/readyz`)).status).toBe(503);
    expect((await fetch(`http://${line.http}/healthz`)).status).toBe(200);
    expect(broker.stderr).toContain("storage_failed");
    publisher.close();
    expect(await broker.stop()).toBe(0);
    expect(broker.stderr).not.toContain("stopped_hard");
    const restarted = new BrokerProcess(data);
    expect(await restarted.serving()).toMatchObject({ start_number: 2 });
    expect(await restarted.stop()).toBe(0);
  });
});
