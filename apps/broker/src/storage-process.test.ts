import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { PubSubError, TopicSettings } from "@opendxa/pubsub-protocol";
import { makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  BrokerProcess,
  publisherAt,
  refusalOf,
  requireBuiltBroker,
} from "./broker-process.test-support.js";

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "storage-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 1_024 * 1_024;

/** Creates a topic; answers what it got, or the error. */
function createTopic(address: string, name: string, settings: Partial<TopicSettings>) {
  const client = makeClient(services.topic, { address, credentials: credentials.createInsecure() });
  const request = { namespace: "", name, settings: TopicSettings.create(settings) };
  return new Promise<TopicSettings | PubSubError | undefined>((resolve) => {
    client.createTopic(request, (error, answer) => {
      client.close();
      resolve(error === null ? answer?.topic?.settings : PubSubError.from(error));
    });
  });
}

it("keeps its records in LevelDB where that is chosen, and everything is there after a SIGKILL", async () => {
  const data = mkdtempSync(join(folder, "level-"));
  const broker = new BrokerProcess(data, ["--journal", "level"]);
  const { grpc } = await broker.serving();
  const publisher = publisherAt(grpc);
  for (const id of ["a", "b", "c"]) expect(await publisher.publish(id)).toBe("stored");
  publisher.close();
  await broker.stop("SIGKILL");
  const journal = join(data, "default", "journal");
  expect(JSON.parse(readFileSync(join(journal, "journal.json"), "utf8"))).toMatchObject({
    kind: "level",
  });
  expect(readdirSync(journal).filter((name) => name.endsWith(".seg"))).toEqual([]);
  expect(readdirSync(join(journal, "leveldb"))).toContain("CURRENT");
  const again = new BrokerProcess(data, ["--journal", "level"]);
  const line = await again.serving();
  expect(line).toMatchObject({ journal: "level", start_number: 2 });
  const after = publisherAt(line.grpc);
  expect(await after.publish("d")).toBe("stored");
  after.close();
  expect(await again.stop()).toBe(0);
});

it.each([
  ["level", "segments"],
  ["segments", "level"],
])("refuses a journal of kind %s where %s is configured", async (made, wanted) => {
  const data = mkdtempSync(join(folder, "kind-"));
  const broker = new BrokerProcess(data, ["--journal", made]);
  await broker.serving();
  expect(await broker.stop()).toBe(0);
  const { code, sentence } = await refusalOf(new BrokerProcess(data, ["--journal", wanted]));
  expect(code).toBe(6);
  expect(sentence).toContain(`is of kind "${made}", and "${wanted}" is configured`);
  // The index is opened at the same time; where both are refused, the truth's refusal is told.
  const both = await refusalOf(
    new BrokerProcess(data, ["--journal", wanted, "--index", "leveldb"]),
  );
  expect(both).toEqual({ code, sentence });
});

it("stores nothing new below the reserve of free disk, and says so", async () => {
  const data = mkdtempSync(join(folder, "reserve-"));
  const reserve = String(2 ** 50);
  const broker = new BrokerProcess(data, ["--limits-disk-reserve-bytes", reserve]);
  const { grpc } = await broker.serving();
  const publisher = publisherAt(grpc);
  expect(await publisher.publish("a")).toBe("STORAGE_NEARLY_FULL");
  publisher.close();
  expect(broker.stderr).toContain("the disk is nearly full");
  expect(await broker.stop()).toBe(0);
});

it("refuses a retention above the longest that is configured", async () => {
  const data = mkdtempSync(join(folder, "retention-"));
  const broker = new BrokerProcess(data, ["--limits-retention-ms-max", "60000"]);
  const { grpc } = await broker.serving();
  const refused = await createTopic(grpc, "long", { retentionMs: 60_001n });
  expect(refused).toMatchObject({ reason: "BAD_REQUEST" });
  expect((refused as PubSubError).message).toContain("retention_ms");
  const taken = await createTopic(grpc, "short", {
    retentionMs: 60_000n,
    retentionBytes: BigInt(MIB),
  });
  expect(taken).toMatchObject({ retentionMs: 60_000n, retentionBytes: BigInt(MIB) });
  expect(await broker.stop()).toBe(0);
});
