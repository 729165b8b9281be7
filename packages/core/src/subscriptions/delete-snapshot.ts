import { Entry } from "@opendxa/pubsub-protocol";
import type { Operation } from "../state/operation.js";
import { missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownSnapshot } from "./known-snapshot.js";

/** What to forget. */
export interface DeleteSnapshotCommand {
  /** Name of the snapshot. */
  readonly name: string;
}

/** Forgets a remembered position. Throws SNAPSHOT_NOT_FOUND. */
export const deleteSnapshot: Operation<DeleteSnapshotCommand, void> = {
  name: "delete-snapshot",
  reads: ({ name }, loaded) => missingKeys(loaded, [stateKeys.snapshot(name)]),
  decide: (loaded, { name }) => {
    knownSnapshot(loaded, name);
    const kind = { $case: "snapshotDeleted", value: { name } } as const;
    return { entries: [Entry.create({ kind })], reply: undefined };
  },
};
