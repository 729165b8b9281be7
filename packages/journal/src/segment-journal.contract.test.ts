import { describeJournalContract } from "./contract.js";
import { nodeSubject, SMALL, simulatedSubject } from "./test/journal-subjects.js";

const bounds = { entryBytesMax: 2048, queuedBytesMax: 16_384 };

describeJournalContract("SegmentJournal on a simulated disk", {
  subject: async () => simulatedSubject(SMALL),
  ...bounds,
});

describeJournalContract("SegmentJournal on files", {
  subject: () => nodeSubject(SMALL),
  ...bounds,
});
