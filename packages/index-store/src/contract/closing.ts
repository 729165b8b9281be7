import { expect, it } from "vitest";
import {
  type CurrentBench,
  collect,
  type IndexStoreCapabilities,
  reasonOf,
  textOf,
} from "./contract-bench.js";

/** What closing refuses, waits for and ends. */
export function declareClosing(current: CurrentBench, capabilities: IndexStoreCapabilities): void {
  it("refuses every operation once closing has begun, and can be repeated", async () => {
    const { store } = current();
    await current().put("a");
    const closing = store.close();
    const refused: readonly (() => Promise<unknown>)[] = [
      () => store.get("a"),
      () => store.getMany(["a"]),
      () => store.scan({ limit: 1 }),
      () => collect(store.iterate({})),
      () => store.write([{ key: "b", value: undefined }]),
      () => store.flush(),
      () => store.clear(),
    ];
    for (const operation of refused) expect(await reasonOf(operation())).toBe("closed");
    await closing;
    await store.close();
    expect(await reasonOf(store.get("a"))).toBe("closed");
  });

  it("waits for running operations", async () => {
    const { store } = current();
    const writes = Array.from({ length: 50 }, (_, i) => current().put(`k${i}`));
    const reads = [store.getMany(["k0", "k49"]), store.scan({ limit: 10 }), store.flush()];
    let finished = 0;
    for (const operation of [...writes, ...reads]) {
      void operation.then(() => {
        finished += 1;
      });
    }
    await store.close();
    expect(finished).toBe(53);
    await Promise.all([...writes, ...reads]);
  });

  it("ends open iterations with `closed` instead of waiting for them", async () => {
    await current().put("a", "b", "c");
    const iteration = current().store.iterate({})[Symbol.asyncIterator]();
    expect((await iteration.next()).value?.key).toBe("a");
    await current().store.close();
    expect(await reasonOf(Promise.resolve(iteration.next()))).toBe("closed");
    expect((await iteration.next()).done).toBe(true);
  });

  if (!capabilities.keepsData) return;
  it("finds its data when opened again", async () => {
    await current().put("a", "b");
    await current().store.write([{ key: "a", value: undefined }]);
    const store = await current().reopen({});
    expect((await store.scan({ limit: 10 })).map(textOf)).toEqual(["b=vb"]);
  });
}
