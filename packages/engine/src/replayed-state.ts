import { createHash } from "node:crypto";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import { controlState } from "./control-state.js";
import { IndexWriter } from "./index-writer.js";
import { JournalSpace } from "./journal-space.js";
import { namespaceProjection } from "./projection.js";
import { loadTopics, type RecoveryParts, replay } from "./recovery.js";
import { StateCache } from "./state-cache.js";

/** Entries are missing behind a checkpoint, where each must be applied. */
export class TailGapError extends Error {
  override readonly name = "TailGapError";
}

/**
 * Applies the journal's entries behind `applied` to the state that an index holds, as a start
 * would, and journals nothing. Throws TailGapError where one of them is missing.
 */
export async function replayTail(parts: RecoveryParts, applied: bigint): Promise<void> {
  const { index, journal } = parts;
  await checkTail(parts, applied);
  const cache = new StateCache(index);
  const writer = new IndexWriter(index, applied, {
    // Nobody asks how far it is behind.
    now: () => 0,
    written: (name, sequence) => cache.unpin(name, sequence),
    // `reached` rejects with it.
    failed: () => undefined,
  });
  const onApplied = (): void => undefined;
  const topics = await loadTopics(index);
  const projection = namespaceProjection;
  const space = new JournalSpace(journal, index);
  await replay({ ...parts, cache, writer, projection, topics, space, onApplied }, applied + 1n);
  await writer.reached(journal.lastSequence);
}

async function checkTail({ journal }: RecoveryParts, applied: bigint): Promise<void> {
  let expected = applied + 1n;
  for await (const { sequence } of journal.read({ from: expected })) {
    if (sequence !== expected) throw gap(expected, sequence - 1n);
    expected += 1n;
  }
  if (expected <= journal.lastSequence) throw gap(expected, journal.lastSequence);
}

function gap(first: bigint, last: bigint): TailGapError {
  return new TailGapError(`no sound checkpoint covers the entries ${first} to ${last}`);
}

/** SHA-256, in hexadecimal digits, of all control state that an index holds: keys and values. */
export async function stateHash(index: IndexStore): Promise<string> {
  const hash = createHash("sha256");
  const lengths = Buffer.alloc(8);
  for await (const block of await controlState(index)) {
    for (const { key, value = new Uint8Array(0) } of block) {
      lengths.writeUInt32BE(key.length, 0);
      lengths.writeUInt32BE(value.length, 4);
      hash.update(lengths).update(key, "latin1").update(value);
    }
  }
  return hash.digest("hex");
}
