import {
  CRASH_MODES,
  type CrashMode,
  SeededRandom,
  SimulatedDisk,
} from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { auditCheckpoints } from "./checkpoint-audit.js";
import type { CheckpointRecord } from "./checkpoint-format.js";
import { CheckpointStore } from "./checkpoint-store.js";
import { checkpointMergeWidth, checkpointSmallBytes } from "./limits.js";

const FOLDER = "/checkpoints";
const journalId = new Uint8Array(16).fill(7);
/** Larger than small in its file too, because nothing of it can be compressed. */
const large = incompressible(checkpointSmallBytes * 2);

function incompressible(length: number): string {
  const random = new SeededRandom(5);
  return Array.from({ length }, () => random.nextInt(0, 35).toString(36)).join("");
}

/** State after each checkpoint that was begun, by sequence. */
type History = Map<bigint, ReadonlyMap<string, string>>;

interface Life {
  readonly disk: SimulatedDisk;
  readonly history: History;
  /** Newest checkpoint that was said to be written. */
  written: bigint;
}

function newLife(options: ConstructorParameters<typeof SimulatedDisk>[0]): Life {
  return { disk: new SimulatedDisk(options), history: new Map([[0n, new Map()]]), written: 0n };
}

const openStore = (disk: SimulatedDisk, ignored: string[] = []) =>
  CheckpointStore.open(disk, FOLDER, { journalId, onIgnored: (name) => ignored.push(name) });

/** Changes a few of 30 keys and removes some; every `bigEvery`th checkpoint is larger than small. */
async function checkpoint(life: Life, store: CheckpointStore, random: SeededRandom, big: boolean) {
  const sequence = store.newestSequence + 10n;
  const state = new Map(life.history.get(store.newestSequence));
  const changes = new Map<string, string | undefined>();
  for (let i = 0; i < 5; i += 1) {
    const key = `k/${String(random.nextInt(0, 29)).padStart(2, "0")}`;
    const isRemoved = random.nextBoolean(0.25);
    changes.set(key, isRemoved ? undefined : `${sequence}-${i}`);
  }
  if (big) changes.set("k/big", large);
  for (const [key, value] of changes) {
    if (value === undefined) state.delete(key);
    else state.set(key, value);
  }
  life.history.set(sequence, state);
  const records: CheckpointRecord[] = [...changes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value: value === undefined ? undefined : Buffer.from(value) }));
  await store.write(sequence, [records]);
  life.written = sequence;
}

async function live(life: Life, count: number): Promise<void> {
  const random = new SeededRandom(3);
  const store = await openStore(life.disk);
  for (let i = 0; i < count; i += 1) await checkpoint(life, store, random, i % 7 === 6);
}

async function stateOf(
  store: CheckpointStore,
): Promise<{ at: bigint; state: Map<string, string> }> {
  const newest = await store.readNewest(() => undefined);
  const state = new Map<string, string>();
  for await (const block of newest?.blocks ?? []) {
    for (const { key, value } of block) state.set(key, Buffer.from(value ?? []).toString());
  }
  return { at: newest?.sequence ?? 0n, state };
}

describe("checkpoint store", () => {
  it("makes a base when one is due, and knows the oldest kept one only beside another", async () => {
    const store = await openStore(newLife({ seed: 1 }).disk);
    const records = (n: number): CheckpointRecord[] => [{ key: `k/${n}`, value: Buffer.from("v") }];
    await store.write(10n, [records(1)]);
    await store.write(20n, [records(2)]);
    expect([store.oldestBase, store.newestSequence]).toEqual([undefined, 20n]);
    const before = store.baseBytes;
    await store.write(30n, [records(3)], true);
    expect(store.oldestBase).toBe(10n);
    expect(store.baseBytes).toBeGreaterThan(before);
    await store.write(40n, [records(4)], true);
    expect(store.oldestBase).toBe(30n);
    expect([...(await stateOf(store)).state.keys()]).toEqual(["k/1", "k/2", "k/3", "k/4"]);
  });

  it("means the newest state whatever was merged, with few files", async () => {
    const life = newLife({ seed: 1 });
    await live(life, 70);
    const names = await life.disk.readdir(FOLDER);
    expect(names.filter((name) => name.endsWith(".base"))).toHaveLength(2);
    expect(names.length).toBeLessThan(checkpointMergeWidth * 4);
    const { at, state } = await stateOf(await openStore(life.disk));
    expect(at).toBe(700n);
    expect(state).toEqual(life.history.get(700n));
  });

  it("goes from the older base over all deltas when the newest base is damaged", async () => {
    const life = newLife({ seed: 1 });
    await live(life, 70);
    const bases = (await life.disk.readdir(FOLDER)).filter((name) => name.endsWith(".base"));
    life.disk.flipBit(`${FOLDER}/${bases.at(-1)}`, 100);
    const store = await openStore(life.disk);
    const { at, state } = await stateOf(store);
    expect(at).toBe(700n);
    expect(state).toEqual(life.history.get(700n));
    const random = new SeededRandom(4);
    for (let i = 0; i < 40; i += 1) await checkpoint(life, store, random, i % 7 === 6);
    const after = await stateOf(await openStore(life.disk));
    expect(after.state).toEqual(life.history.get(1_100n));
  });

  it("removes what a power cut left of a dropped chain whose base went first", async () => {
    const life = newLife({ seed: 1 });
    const store = await openStore(life.disk);
    const records = (n: number): CheckpointRecord[] => [{ key: `k/${n}`, value: Buffer.from("v") }];
    for (const n of [1, 2, 3]) await store.write(BigInt(n) * 10n, [records(n)]);
    const [, dropped = ""] = await life.disk.readdir(FOLDER);
    await life.disk.link(`${FOLDER}/${dropped}`, "/kept");
    for (const n of [4, 5]) await store.write(BigInt(n) * 10n, [records(n)], true);
    expect(await life.disk.exists(`${FOLDER}/${dropped}`)).toBe(false);
    const before = await life.disk.readdir(FOLDER);
    await life.disk.link("/kept", `${FOLDER}/${dropped}`);
    const audit = await auditCheckpoints(life.disk, FOLDER, journalId);
    expect(audit.findings).toMatchObject([
      { kind: "checkpoint_leftover", severity: "notice", file: `checkpoints/${dropped}` },
    ]);
    await openStore(life.disk);
    expect(await life.disk.readdir(FOLDER)).toEqual(before);
  });

  it("stops before a damaged delta", async () => {
    const life = newLife({ seed: 1 });
    await live(life, 70);
    const deltas = (await life.disk.readdir(FOLDER)).filter((name) => name.endsWith(".delta"));
    life.disk.flipBit(`${FOLDER}/${deltas.at(-1)}`, 100);
    const { at, state } = await stateOf(await openStore(life.disk));
    expect(at).toBe(BigInt(`0x${deltas.at(-2)?.split(".")[0]}`));
    expect(state).toEqual(life.history.get(at));
  });

  it("survives a power cut at every operation, merges included", async () => {
    const whole = newLife({ seed: 0 });
    await live(whole, 13);
    const faults: string[] = [];
    for (let cut = 0; cut <= whole.disk.operations; cut += 1) {
      for (const mode of CRASH_MODES) faults.push(...(await faultsAfterCut(cut, mode)));
    }
    expect(faults).toEqual([]);
  });

  it("notices in the test above a disk that syncs nothing", async () => {
    const faults = await faultsAfterCut(100, "drop", { ignoreDatasync: true });
    expect(faults.length).toBeGreaterThan(0);
  });
});

async function faultsAfterCut(
  cut: number,
  mode: CrashMode,
  control: { ignoreDatasync?: boolean } = {},
): Promise<string[]> {
  const life = newLife({ seed: cut, ...control });
  life.disk.cutAfterOperations(cut);
  await live(life, 13).catch(() => undefined);
  life.disk.crash({ mode });
  const what = `cut ${cut}, ${mode}`;
  const ignored: string[] = [];
  const store = await openStore(life.disk, ignored);
  const { at, state } = await stateOf(store);
  if (at < life.written) return [`${what}: reaches ${at} where ${life.written} was written`];
  const expected = life.history.get(at);
  const isEqual =
    expected?.size === state.size &&
    [...state].every(([key, value]) => expected.get(key) === value);
  if (!isEqual) return [`${what}: another state at ${at}`];
  await checkpoint(life, store, new SeededRandom(cut), false);
  life.disk.crash({ mode: "drop" });
  const after = await stateOf(await openStore(life.disk));
  return after.at === life.written ? [] : [`${what}: the checkpoint after it is gone`];
}
