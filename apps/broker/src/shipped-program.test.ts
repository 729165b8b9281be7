import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as module from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  BrokerProcess,
  PROGRAM,
  publisherAt,
  requireBuiltBroker,
} from "./broker-process.test-support.js";

vi.setConfig({ testTimeout: 120_000 });

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const REPOSITORY = join(PACKAGE, "..", "..");

/** The packages that lie beside the program; all others are in it. */
const BESIDE = [
  "@grpc/reflection",
  "@node-rs/crc32",
  "classic-level",
  "lz4-napi",
  "rocksdb-native",
];

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "shipped-program-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program as it is shipped, with the packages that must lie beside it and no others. */
function shipped(name: string): string {
  const copy = join(folder, name);
  for (const part of ["package.json", "dist/main.cjs", "dist/program"]) {
    cpSync(join(PACKAGE, part), join(copy, part), { recursive: true });
  }
  for (const dependency of BESIDE) {
    const link = join(copy, "node_modules", dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(PACKAGE, "node_modules", dependency)), link);
  }
  return copy;
}

interface Loaded {
  readonly modules: readonly string[];
  readonly natives: readonly string[];
  readonly maps: readonly string[];
}

async function loadedBy(broker: BrokerProcess): Promise<Loaded> {
  broker.child.kill("SIGUSR2");
  await broker.said('"event":"loaded"');
  const line = broker.stderr.split("\n").find((text) => text.includes('"event":"loaded"'));
  return JSON.parse(line ?? "") as Loaded;
}

async function reflected(address: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const same = (value: Buffer) => value;
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const call = client.makeBidiStreamRequest(path, same, same);
  const answer = new Promise<Buffer>((resolve, reject) => {
    call.once("data", resolve);
    call.once("error", reject);
  });
  // ServerReflectionRequest{list_services: ""}.
  call.write(Buffer.from([0x3a, 0x00]));
  const text = (await answer).toString("latin1");
  call.end();
  client.close();
  return text;
}

it("is what the package's bin names", () => {
  const { bin } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
    bin: Record<string, string>;
  };
  expect(join(PACKAGE, bin["opendxa-pubsub"] ?? "")).toBe(PROGRAM);
});

it("is whole: it serves without the sources, the build and the packages of this repository", async () => {
  const copy = shipped("whole");
  const program = join(copy, "dist", "main.cjs");
  const data = join(folder, "whole-data");
  const broker = new BrokerProcess(data, [], { program, machine: "watched-loads" });
  const { grpc } = await broker.serving();
  const { modules, natives, maps } = await loadedBy(broker);
  expect(modules).toEqual(expect.arrayContaining([program, join(copy, "dist/program/broker.cjs")]));
  const own = modules.filter((file) => !file.includes("/node_modules/"));
  expect(own.filter((file) => !file.startsWith(copy))).toEqual([]);
  expect(modules.filter((file) => file.startsWith(join(REPOSITORY, "packages")))).toEqual([]);
  // RocksDB and checksums are native, or the start would have been slower without a word.
  expect(natives.some((file) => file.includes("rocksdb"))).toBe(true);
  expect(natives.some((file) => file.includes("crc32"))).toBe(true);
  expect(natives).toHaveLength(2);
  expect(maps).toEqual([]);
  const publisher = publisherAt(grpc);
  expect(await publisher.publish("e-1")).toBe("stored");
  publisher.close();
  expect(await reflected(grpc)).toContain("opendxa.pubsub.v1.PublisherService");
  expect(await broker.stop()).toBe(0);
  // Compiled code that Node keeps lies beside the program, never where others may write.
  expect(existsSync(join(copy, "dist/program/compile-cache"))).toBe("enableCompileCache" in module);
  const verified = new BrokerProcess(data, [], { program, command: ["verify"] });
  expect(await verified.ended()).toBe(0);
});

it("brings the parts that it loads where they are used: YAML, LevelDB, the offline commands", async () => {
  const program = join(shipped("parts"), "dist", "main.cjs");
  const config = join(folder, "parts.yaml");
  writeFileSync(config, "index: leveldb\njournal: level\n");
  const data = join(folder, "parts-data");
  const broker = new BrokerProcess(data, ["--config", config], { program });
  expect(await broker.serving()).toMatchObject({ index: "leveldb", journal: "level" });
  expect(await broker.stop()).toBe(0);
  const command = ["index", "rebuild"];
  const rebuilt = new BrokerProcess(data, ["--config", config], { program, command });
  expect(await rebuilt.ended()).toBe(0);
});

it("names the sources in the stack of a fault", async () => {
  const broker = new BrokerProcess(join(folder, "faulty-data"), [], { machine: "faulty-http" });
  await broker.said("    at async runServe");
  expect(broker.stderr).toContain("opendxa-pubsub: a fault: TypeError: planted\n");
  for (const [file, text] of [
    ["apps/broker/src/http/http-server.ts", "fastify({"],
    ["apps/broker/src/run-serve.ts", "await startBroker(config, log)"],
  ] as const) {
    const [, line] = new RegExp(`\\(${file}:(\\d+):\\d+\\)`).exec(broker.stderr) ?? [];
    const source = readFileSync(join(REPOSITORY, file), "utf8").split("\n");
    expect(source[Number(line) - 1]).toContain(text);
  }
  expect(broker.stderr).toContain("node_modules/fastify/fastify.js:");
  broker.child.kill("SIGKILL");
  await broker.ended();
});

it("carries the notices of the packages that are in it", () => {
  const notices = readFileSync(join(PACKAGE, "dist/program/third-party-notices.txt"), "utf8");
  for (const name of ["@grpc/grpc-js", "commander", "fastify", "pino", "zod"]) {
    expect(notices).toContain(`\n${name} `);
  }
  expect(notices).toContain("Permission is hereby granted, free of charge");
});
