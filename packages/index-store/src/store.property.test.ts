import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { IndexEntry, IndexScope, IndexStore, IndexWrite } from "./index-store.js";
import { LevelStore } from "./level-store.js";
import { MemoryStore } from "./memory-store.js";
import { RocksDbStore } from "./rocksdb-store.js";
import { makeTemporaryFolder } from "./temporary-folder.test-support.js";

type Step =
  | { readonly kind: "write"; readonly batch: readonly IndexWrite[] }
  | { readonly kind: "clear" }
  | { readonly kind: "flush" }
  | { readonly kind: "read"; readonly keys: readonly string[] }
  | { readonly kind: "scan"; readonly scope: IndexScope; readonly limit: number };

// Few characters make keys meet; the ends of the alphabet are among them.
const key = fc.string({ unit: fc.constantFrom(" ", "a", "b", "~"), minLength: 1, maxLength: 4 });
const bound = fc.string({ unit: fc.constantFrom(" ", "a", "b", "~", "\x7f"), maxLength: 4 });
const write: fc.Arbitrary<IndexWrite> = fc.record({
  key,
  value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined, freq: 3 }),
});
const scope: fc.Arbitrary<IndexScope> = fc
  .tuple(
    fc.oneof(
      fc.constant({}),
      bound.map((gte) => ({ gte })),
      bound.map((gt) => ({ gt })),
    ),
    fc.oneof(
      fc.constant({}),
      bound.map((lt) => ({ lt })),
      bound.map((lte) => ({ lte })),
    ),
    fc.boolean(),
  )
  .map(([lower, upper, reverse]) => ({ ...lower, ...upper, reverse }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      batch: fc.array(write, { maxLength: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "clear" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "flush" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      keys: fc.array(key, { maxLength: 10 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("scan" as const),
      scope,
      limit: fc.integer({ min: 1, max: 80 }),
    }),
  },
);

type Model = Map<string, Uint8Array>;

function modelScan(model: Model, { gte, gt, lt, lte, reverse }: IndexScope): IndexEntry[] {
  const keys = [...model.keys()]
    .filter((candidate) => gte === undefined || candidate >= gte)
    .filter((candidate) => gt === undefined || candidate > gt)
    .filter((candidate) => lt === undefined || candidate < lt)
    .filter((candidate) => lte === undefined || candidate <= lte)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (reverse) keys.reverse();
  return keys.map((found) => ({ key: found, value: model.get(found) as Uint8Array }));
}

const plain = (entries: readonly IndexEntry[]): string[] =>
  entries.map((entry) => `${entry.key}=${Buffer.from(entry.value).toString("hex")}`);

async function run(store: IndexStore, model: Model, action: Step): Promise<void> {
  switch (action.kind) {
    case "write":
      await store.write(action.batch);
      for (const { key: changed, value } of action.batch) {
        if (value === undefined) model.delete(changed);
        else model.set(changed, value);
      }
      return;
    case "clear":
      await store.clear();
      model.clear();
      return;
    case "flush":
      await store.flush();
      return;
    case "read": {
      const values = await store.getMany(action.keys);
      expect(values.map((value) => value && Buffer.from(value).toString("hex"))).toEqual(
        action.keys.map((wanted) => model.get(wanted)).map(toHex),
      );
      return;
    }
    case "scan": {
      const expected = plain(modelScan(model, action.scope));
      const page = await store.scan({ ...action.scope, limit: action.limit });
      expect(plain(page)).toEqual(expected.slice(0, action.limit));
      const all: IndexEntry[] = [];
      for await (const entry of store.iterate(action.scope)) all.push(entry);
      expect(plain(all)).toEqual(expected);
    }
  }
}

function toHex(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString("hex");
}

describe("every store behaves as a sorted map", async () => {
  const rocks = await makeTemporaryFolder();
  const level = await makeTemporaryFolder();
  const stores: readonly IndexStore[] = [
    await RocksDbStore.open({ folder: rocks.path }),
    await LevelStore.open({ folder: level.path }),
    MemoryStore.create(),
  ];
  afterAll(async () => {
    for (const store of stores) await store.close();
    await rocks.remove();
    await level.remove();
  });

  it.each(stores)("$engine", async (store) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await store.clear();
        const model: Model = new Map();
        for (const action of steps) await run(store, model, action);
        expect(plain(await store.scan({ limit: 10_000 }))).toEqual(plain(modelScan(model, {})));
      }),
      { numRuns: store.engine === "memory" ? 300 : 60 },
    );
  });
});

describe("the memory store's chunks", () => {
  it("split, empty and stay in order with many keys", async () => {
    const number = fc.integer({ min: 0, max: 4000 }).map((i) => String(i).padStart(4, "0"));
    const batch = fc.array(
      fc.record({
        key: number,
        value: fc.option(fc.constant(new Uint8Array([1])), { nil: undefined, freq: 2 }),
      }),
      { minLength: 300, maxLength: 2000, size: "max" },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { minLength: 1, maxLength: 6 }),
        number,
        async (batches, at) => {
          const store = MemoryStore.create();
          const model: Model = new Map();
          for (const writes of batches) await run(store, model, { kind: "write", batch: writes });
          for (const reverse of [false, true]) {
            for (const part of [{}, { gte: at }, { lt: at }, { gt: at }, { lte: at }]) {
              const range = { ...part, reverse };
              const found = await store.scan({ ...range, limit: 10_000 });
              expect(plain(found)).toEqual(plain(modelScan(model, range)));
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
