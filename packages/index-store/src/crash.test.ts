import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DiskEngine } from "./engine-marker.js";
import { openIndexStore } from "./open-index-store.js";
import { makeTemporaryFolder } from "./temporary-folder.test-support.js";

const source = fileURLToPath(new URL(".", import.meta.url));

/** The package as JavaScript, inside the package so that its dependencies are found. */
let built: string;
beforeAll(async () => {
  const cache = join(source, "..", "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  built = await mkdtemp(join(cache, "crash-"));
  await writeFile(join(built, "package.json"), '{"type":"module"}');
  for (const name of await readdir(source)) {
    if (!name.endsWith(".ts") || /\.(test|d)\./.test(name) || name === "contract.ts") continue;
    const { outputText } = ts.transpileModule(await readFile(join(source, name), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    await writeFile(join(built, name.replace(/\.ts$/, ".js")), outputText);
  }
});
afterAll(async () => await rm(built, { recursive: true, force: true }));

let temporary: Awaited<ReturnType<typeof makeTemporaryFolder>>;
let child: ChildProcess | undefined;
beforeEach(async () => {
  temporary = await makeTemporaryFolder();
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await temporary.remove();
});

interface Acknowledged {
  written: number;
  flushed: number;
}

/** Runs the child until it has acknowledged that many batches, then kills it. */
async function writeAndKill(
  engine: DiskEngine,
  batches: number,
  flushAfter = 0,
): Promise<Acknowledged> {
  const moduleUrl = pathToFileURL(join(built, "index.js")).href;
  const writer = fork(join(source, "crash-child.mjs"), [
    moduleUrl,
    engine,
    temporary.path,
    String(flushAfter),
  ]);
  child = writer;
  const acknowledged: Acknowledged = { written: 0, flushed: 0 };
  const exited = once(writer, "exit");
  writer.on("message", (message: Partial<Acknowledged>) => {
    Object.assign(acknowledged, message);
    if (acknowledged.written >= batches) writer.kill("SIGKILL");
  });
  const [, signal] = await exited;
  expect(signal).toBe("SIGKILL");
  return acknowledged;
}

/** How many batches a restart finds; fails unless they are the first ones, each of them whole. */
async function survivingPrefix(engine: DiskEngine, folder = temporary.path): Promise<number> {
  const store = await openIndexStore({ folder, prefer: engine, log: () => undefined });
  const last = Number(Buffer.from((await store.get("last")) ?? []).toString());
  let found = 0;
  for await (const { key, value } of store.iterate({ gte: "item/", lt: "item0" })) {
    const number = String(Math.floor(found / 10) + 1).padStart(8, "0");
    if (key !== `item/${number}/${found % 10}`) expect(key).toBe(`item/${number}/${found % 10}`);
    if (!Buffer.from(value).equals(Buffer.from(`${number} `.repeat(20)))) {
      expect(Buffer.from(value).toString()).toBe(`${number} `.repeat(20));
    }
    found += 1;
  }
  await store.close();
  expect(found).toBe(last * 10);
  return last;
}

async function logFiles(engine: DiskEngine, folder: string): Promise<string[]> {
  const data = join(folder, engine);
  const names = (await readdir(data)).filter((name) => name.endsWith(".log"));
  return names.sort().map((name) => join(data, name));
}

describe.each(["rocksdb", "leveldb"] as const)("%s, killed while it writes", (engine) => {
  it("keeps every acknowledged batch and no hole", { timeout: 60_000 }, async () => {
    const { written } = await writeAndKill(engine, 500);
    // The page cache outlives the process, so a kill alone loses nothing that was acknowledged.
    expect(await survivingPrefix(engine)).toBeGreaterThanOrEqual(written);
  });

  it("keeps a prefix when its log is cut anywhere", { timeout: 60_000 }, async () => {
    await writeAndKill(engine, 300);
    const prefixes: number[] = [];
    // The writer goes on for as long as the kill takes: how much it wrote only the whole log tells.
    for (const share of [0, 0.13, 0.5, 0.77, 0.999, 1]) {
      const copy = await makeTemporaryFolder();
      await cp(temporary.path, copy.path, { recursive: true });
      const log = (await logFiles(engine, copy.path)).at(-1) as string;
      const size = (await readFile(log)).byteLength;
      await truncate(log, Math.floor(size * share));
      prefixes.push(await survivingPrefix(engine, copy.path));
      await copy.remove();
    }
    expect(prefixes).toEqual(prefixes.toSorted((a, b) => a - b));
    expect(prefixes[0]).toBe(0);
    expect(prefixes[2]).toBeGreaterThan(0);
    expect(prefixes[2]).toBeLessThan(prefixes[5] ?? 0);
  });
});

describe.each(["rocksdb", "leveldb"] as const)("the flush of %s", (engine) => {
  it("needs no log for what was written before it", { timeout: 60_000 }, async () => {
    const { flushed, written } = await writeAndKill(engine, 400, 200);
    expect(flushed).toBe(200);
    expect(written).toBeGreaterThanOrEqual(400);
    const logs = await logFiles(engine, temporary.path);
    expect(logs.length).toBeGreaterThan(0);
    for (const log of logs) await rm(log);
    expect(await survivingPrefix(engine)).toBe(200);
  });
});
