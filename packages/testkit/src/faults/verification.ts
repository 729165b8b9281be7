import { type Finding, verifyNamespace } from "@opendxa/pubsub-engine";
import { JournalError } from "@opendxa/pubsub-journal";
import type { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { DATA_FOLDER } from "./simulated-engine.js";

/** What `verify` says of a disk's files, read-only. */
export async function findingsOf(disk: SimulatedDisk): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const each of verifyNamespace({ disk, folder: DATA_FOLDER })) found.push(each);
  return found;
}

/** Faults that verification sees where there are none. */
export async function judgeSound(disk: SimulatedDisk): Promise<string[]> {
  const faults = (await findingsOf(disk)).filter(({ severity }) => severity === "fault");
  return faults.map(({ file, message }) => `verify finds in sound files: ${file}: ${message}`);
}

/** Verification of a disk that refuses one read: it goes on or says why not. */
export async function judgeUnreadable(disk: SimulatedDisk, nth: number): Promise<string[]> {
  disk.inject({ operation: "read", nth, code: "EIO" });
  try {
    await findingsOf(disk);
  } catch (error) {
    if (!(error instanceof JournalError)) return [`verify fails without a reason: ${error}`];
  }
  return [];
}
