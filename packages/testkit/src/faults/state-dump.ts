import type { IndexStore } from "@opendxa/pubsub-index-store";

/** Keys of the engine's own, and the state that every start changes. */
const VARYING = /^(!|ns$)/;

/** The whole state that an index holds, as text by key. */
export async function dumpState(index: IndexStore): Promise<ReadonlyMap<string, string>> {
  const state = new Map<string, string>();
  for await (const { key, value } of index.iterate({})) {
    if (!VARYING.test(key)) state.set(key, Buffer.from(value).toString("hex"));
  }
  return state;
}

/** Keys in which two states differ. */
export function differingKeys(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): string[] {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return [...keys].filter((key) => a.get(key) !== b.get(key));
}
