import type { VerifyJournalOptions } from "./journal-audit.js";
import { JournalError } from "./journal-error.js";
import type { JournalFault } from "./journal-fault.js";
import { openAudit } from "./open-audit.js";

/**
 * Reads every byte of a journal of either kind and yields what is wrong with it, without stopping at the
 * first fault and without changing anything. Nothing is yielded for a sound journal; one that only
 * has notices will open. Memory does not grow with the journal. Throws `io_failed` where the folder
 * itself cannot be read.
 *
 * @example
 * ```ts
 * for await (const { kind, segment, position, message } of verifyJournal({ disk: new NodeDisk(), folder })) {
 *   console.log(kind, segment, position, message);
 * }
 * ```
 */
export async function* verifyJournal(options: VerifyJournalOptions): AsyncGenerator<JournalFault> {
  try {
    const audit = await openAudit(options);
    for await (const item of audit.items()) if (item.kind === "fault") yield item.fault;
  } catch (error) {
    throw JournalError.from(error, `verification of ${options.folder}`);
  }
}
