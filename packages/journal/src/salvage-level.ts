import { join } from "node:path";
import type { CommitContent } from "./append-queue.js";
import type { Disk } from "./disk.js";
import { JournalError } from "./journal-error.js";
import { LEVEL_FOLDER, MARKER_NAME, writeKind } from "./journal-kind.js";
import { type LevelChange, LevelDatabase } from "./level-database.js";
import {
  encodeEntry,
  encodeForgottenRange,
  encodeHead,
  entryKey,
  forgottenKey,
  HEAD_KEY,
} from "./level-records.js";
import type { SalvagedJournal, SalvageTarget } from "./salvage-target.js";

/**
 * A new journal in LevelDB to salvage into. What is missing between the entries is noted as
 * forgotten: any other hole is damage. Rejects with `conflict` where there is a journal.
 */
export async function openLevelTarget(
  { disk, to }: { readonly disk: Disk; readonly to: string },
  { journalId: id, firstSequence: first, limits }: SalvagedJournal,
): Promise<SalvageTarget> {
  const folder = join(to, LEVEL_FOLDER);
  if ((await disk.exists(folder)) || (await disk.exists(join(to, MARKER_NAME)))) {
    throw new JournalError("conflict", `There is a journal in ${to} already`);
  }
  const database = await LevelDatabase.open(disk, folder);
  let next = first;
  const reach = (sequence: bigint): LevelChange[] => {
    const gap = { first: next, last: sequence - 1n };
    next = sequence + 1n;
    if (gap.last < gap.first) return [];
    return [{ key: forgottenKey(gap.first), value: encodeForgottenRange(gap) }];
  };
  const write = async (changes: readonly LevelChange[]): Promise<void> => {
    const head = encodeHead({ id, first, last: next - 1n });
    await database.write([...changes, { key: HEAD_KEY, value: head }]);
  };
  return {
    limits,
    write: (content) => write([...changesOf(content, reach)]),
    async finish(lastSequence) {
      const gap = reach(lastSequence + 1n);
      next = lastSequence + 1n;
      await write(gap);
      await database.close();
      await writeKind(disk, to, { kind: "level", id });
    },
    close: () => database.close(),
  };
}

function* changesOf(
  { entries, rows }: CommitContent,
  reach: (sequence: bigint) => LevelChange[],
): Generator<LevelChange> {
  for (const [at, entry] of entries.entries()) {
    const row = rows[at];
    if (row === undefined) continue;
    yield* reach(row.sequence);
    const value = encodeEntry(row.sequence, entry, row.checksum);
    yield { key: entryKey(row.sequence), value };
  }
}
