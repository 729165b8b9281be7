import { MemoryStore } from "@opendxa/pubsub-index-store";

/**
 * What becomes of the index when the machine ends: it is never synced, so anything may; and somebody
 * may put an old copy in its place.
 */
export const INDEX_FATES = ["kept", "suffix", "hole", "deleted", "older"] as const;

/** See `INDEX_FATES`. */
export type IndexFate = (typeof INDEX_FATES)[number];

const MARK = "!mark";
const APPLIED = "!applied";

/** Another store with the same content, all of it durable. */
export async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = MemoryStore.create();
  const writes: { key: string; value: Uint8Array }[] = [];
  for await (const { key, value } of store.iterate({})) writes.push({ key, value });
  if (writes.length > 0) await copy.write(writes);
  await copy.flush();
  return copy;
}

/** Says of an index that all of it is durable, so that nothing below is looked at. */
export async function forgeChain(store: MemoryStore): Promise<void> {
  const applied = await store.get(APPLIED);
  if (applied !== undefined) await store.write([{ key: MARK, value: applied }]);
}
