/**
 * A negative control: a segment journal that believes every byte it reads. Tests of damage must fail
 * with it.
 *
 * @packageDocumentation
 */
import {
  type OpenedJournal,
  type OpenSegmentJournalOptions,
  openVerified,
} from "./open-segment-journal.js";

/** As `openSegmentJournal`, but no checksum is ever compared. */
export function openUncheckedJournal(options: OpenSegmentJournalOptions): Promise<OpenedJournal> {
  return openVerified(options, () => true);
}
