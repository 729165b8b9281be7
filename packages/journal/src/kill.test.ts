import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JournalKind } from "./index.js";
import { type RealPlace, realPlace } from "./test/level-places.js";

const source = fileURLToPath(new URL(".", import.meta.url));
const APPENDS = 600;

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

let place: RealPlace;
beforeEach(async () => {
  place = await realPlace();
});
afterEach(() => place.remove());

interface Acknowledged {
  readonly writer: number;
  readonly round: number;
  readonly sequence: string;
}

/** Runs the child until it has acknowledged enough, then kills it; answers what it acknowledged. */
async function appendAndKill(kind: JournalKind, retention: string): Promise<Acknowledged[]> {
  const moduleUrl = pathToFileURL(join(built, "index.js")).href;
  const child = fork(join(source, "test", "crash-child.mjs"), [
    moduleUrl,
    kind,
    place.folder,
    retention,
  ]);
  const acknowledged: Acknowledged[] = [];
  child.on("message", (message) => {
    acknowledged.push(message as Acknowledged);
    if (acknowledged.length === APPENDS) child.kill("SIGKILL");
  });
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
  return acknowledged;
}

/** Everything acknowledged and not let go is there, in order and as it was. */
async function check(kind: JournalKind, acknowledged: readonly Acknowledged[]): Promise<void> {
  const { journal } = await place.open(kind, {});
  const rounds = new Map<string, number>();
  const found = new Map<bigint, string>();
  let before = 0n;
  for await (const { sequence, payload } of journal.read({ from: 1n })) {
    expect(sequence > before).toBe(true);
    before = sequence;
    const [writer = "", round = ""] =
      Buffer.from(payload).toString().split(" ", 1)[0]?.split("-") ?? [];
    expect(Number(round)).toBeGreaterThan(rounds.get(writer) ?? -1);
    rounds.set(writer, Number(round));
    found.set(sequence, `${writer}-${round}`);
  }
  for (const { writer, round, sequence } of acknowledged) {
    const isForgotten = round % 20 === 19 || BigInt(sequence) < journal.firstSequence;
    const stored = found.get(BigInt(sequence));
    if (stored !== undefined || !isForgotten) expect(stored).toBe(`${writer}-${round}`);
  }
  const { last } = await journal.append([{ parts: [Buffer.from("after")] }]);
  expect(last > before).toBe(true);
  await journal.close();
}

describe.each(["segments", "level"] as const)(
  "a journal of kind %s, killed while it writes",
  (kind) => {
    it("has everything that was acknowledged, twice in a row", { timeout: 60_000 }, async () => {
      await check(kind, await appendAndKill(kind, "retention"));
      const { journal } = await place.open(kind, {});
      await journal.close();
    });
  },
);

describe("LevelDB's log, torn after a kill", () => {
  it("keeps what is before the cut, wherever it is", { timeout: 60_000 }, async () => {
    await appendAndKill("level", "none");
    const data = join(place.folder, "leveldb");
    const log =
      (await readdir(data))
        .filter((name) => name.endsWith(".log"))
        .sort()
        .at(-1) ?? "";
    const size = (await readFile(join(data, log))).length;
    const copy = `${place.folder}-copy`;
    await cp(place.folder, copy, { recursive: true });
    const lasts: bigint[] = [];
    for (const share of [0.2, 0.5, 0.77, 0.999, 1]) {
      await rm(place.folder, { recursive: true });
      await cp(copy, place.folder, { recursive: true });
      await truncate(join(data, log), Math.floor(size * share));
      const { journal, recovery } = await place.open("level", {});
      expect(recovery.lastSequence).toBe(journal.lastSequence);
      for await (const _ of journal.read({ from: 1n }));
      lasts.push(journal.lastSequence);
      await journal.close();
    }
    expect(lasts).toEqual(lasts.toSorted((one, other) => Number(one - other)));
    expect(new Set(lasts).size).toBeGreaterThan(3);
  });
});
