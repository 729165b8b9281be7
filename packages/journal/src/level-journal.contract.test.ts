import { describeJournalContract } from "./contract.js";
import { SMALL } from "./test/journal-subjects.js";
import { levelSubject } from "./test/level-places.js";

describeJournalContract("LevelJournal", {
  subject: () => levelSubject(SMALL),
  entryBytesMax: 2048,
  queuedBytesMax: 16_384,
});
