import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { FolderLock } from "@opendxa/pubsub-journal";
import { encodeBatch, PubSubError } from "@opendxa/pubsub-protocol";
import { makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BrokerProcess, requireBuiltBroker } from "./broker-process.test-support.js";

// A start takes a second where the machine is idle, and several tests start three brokers.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "broker-process-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One sentence, one line, and the exit code. */
async function refusal(broker: BrokerProcess) {
  const code = await broker.ended();
  const lines = broker.stderr.split("\n").filter((line) => !line.startsWith("{") && line !== "");
  expect(lines).toHaveLength(1);
  return { code, sentence: lines[0] };
}

describe("refuses with one sentence and its own exit code", () => {
  it("a bad key, variable or flag", async () => {
    const config = join(folder, "bad.yaml");
    writeFileSync(config, "grcp: 127.0.0.1:1\n");
    expect(await refusal(new BrokerProcess(folder, ["--config", config]))).toEqual({
      code: 2,
      sentence: `opendxa-pubsub: The key "grcp" (from file ${config}) is not a key of the configuration.`,
    });
    expect(
      await refusal(
        new BrokerProcess(folder, [], { environment: { OPENDXA_PUBSUB_INDEX: "sqlite" } }),
      ),
    ).toMatchObject({ code: 2 });
    expect(await refusal(new BrokerProcess(folder, ["--nothing", "1"]))).toMatchObject({ code: 2 });
  });

  it("a folder that another broker holds", async () => {
    const data = mkdtempSync(join(folder, "locked-"));
    const lock = await FolderLock.acquire(data);
    const { code, sentence } = await refusal(new BrokerProcess(data));
    expect(code).toBe(3);
    expect(sentence).toContain(`${data} is in use by another broker (process ${process.pid}).`);
    await lock.release();
  });

  it("a folder that cannot be made", async () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    const { code, sentence } = await refusal(new BrokerProcess(join(file, "data")));
    expect(code).toBe(5);
    expect(sentence).toContain("cannot be made or written (ENOTDIR).");
  });

  it.each(["grpc", "http"])("a %s port in use", async (key) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const bound = other.address();
    const port = typeof bound === "object" ? bound?.port : undefined;
    const data = mkdtempSync(join(folder, "port-"));
    const broker = new BrokerProcess(data, [`--${key}`, `127.0.0.1:${port}`]);
    const { code, sentence } = await refusal(broker);
    expect(code).toBe(4);
    expect(sentence).toContain(`The ${key} address 127.0.0.1:${port} cannot be listened on`);
    other.close();
  });

  it("an index of another engine", async () => {
    const data = mkdtempSync(join(folder, "engine-"));
    const first = new BrokerProcess(data, ["--index", "leveldb"]);
    expect(await first.serving()).toMatchObject({ index: "leveldb" });
    expect(await first.stop()).toBe(0);
    const { code, sentence } = await refusal(new BrokerProcess(data, ["--index", "rocksdb"]));
    expect(code).toBe(6);
    expect(sentence).toContain("index rebuild");
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

describe("a journal that cannot be written any more", () => {
  const FILE_KIB_MAX = 2_048;
  const BODY_BYTES = 512 * 1024;

  it("stops accepting, answers STORAGE_FAILED and is not ready, until it is restarted", async () => {
    const data = mkdtempSync(join(folder, "failing-"));
    const broker = new BrokerProcess(data, [], { fileKibMax: FILE_KIB_MAX });
    const line = await broker.serving();
    const publisher = makeClient(services.publisher, {
      address: line.grpc,
      credentials: credentials.createInsecure(),
    });
    const publish = (id: string): Promise<string> => {
      const body = Buffer.alloc(BODY_BYTES);
      const event = { id, source: "/test", type: "x", data: body };
      const batches = [encodeBatch({ topic: "poet/events", events: [event] })];
      return new Promise((resolve) => {
        const frame = { number: 0n, batches, atomic: false };
        publisher.publish({ namespace: "", frame }, (error: ServiceError | null) =>
          resolve(error === null ? "stored" : PubSubError.from(error).reason),
        );
      });
    };
    const outcomes: string[] = [];
    for (let index = 0; index < 8; index += 1) outcomes.push(await publish(`e-${index}`));
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
