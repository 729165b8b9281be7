import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EnginePreference,
  type IndexStore,
  openIndexStore,
} from "@opendxa/pubsub-index-store";

/** An index to build state in, on the disk of temporary files; it is removed afterwards. */
export async function withTemporaryIndex<Result>(
  prefer: EnginePreference,
  use: (index: IndexStore) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "opendxa-pubsub-"));
  try {
    const log = () => undefined;
    const index = await openIndexStore({ folder: join(folder, "index"), prefer, log });
    try {
      return await use(index);
    } finally {
      await index.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
