import type { EventLife } from "./event-life.js";
import type { Facts } from "./facts.js";
import type { Report } from "./violation.js";

/** An event whose own time is over may have left the log, and need not be delivered. */
export function mayHaveExpired({ published }: EventLife, facts: Facts): boolean {
  return published.some(({ record: { expire } }) => expire !== undefined && expire <= facts.lastT);
}

/** Every acked event is stored once, where it was said to be; nothing is stored that was refused or invented. */
export function checkPublishing(event: EventLife, facts: Facts, report: Report): void {
  checkOrigin(event, report);
  const [stored, again] = event.stored;
  if (stored !== undefined && again !== undefined) {
    const what = `at ${stored.record.partition}/${stored.record.offset} and ${again.record.partition}/${again.record.offset}`;
    report("stored-twice", again.place, event.name, what);
  }
  checkAcked(event, facts, report);
  const refused = event.failed.find(({ record }) => record.stored === "no");
  if (refused !== undefined && stored !== undefined && event.acked.length === 0) {
    report("refused-but-stored", refused.place, event.name, `refused as ${refused.record.reason}`);
  }
}

function checkAcked(event: EventLife, facts: Facts, report: Report): void {
  const [stored] = event.stored;
  for (const { record, place } of event.acked) {
    if (stored === undefined) {
      if (!mayHaveExpired(event, facts)) {
        const what = `acked at ${record.partition}/${record.offset} and not there at the end`;
        report("acked-not-stored", place, event.name, what);
      }
      continue;
    }
    const { partition, offset } = stored.record;
    const isElsewhere = record.partition !== partition || record.offset !== offset;
    if (isElsewhere && record.scheduled !== true) {
      const what = `acked at ${record.partition}/${record.offset}, stored at ${partition}/${offset}`;
      report("acked-elsewhere", place, event.name, what);
    }
  }
}

function checkOrigin(event: EventLife, report: Report): void {
  const [published] = event.published;
  const seen = event.stored[0] ?? event.acked[0] ?? [...event.deliveries.values()][0]?.[0];
  if (published === undefined && seen !== undefined) {
    report("never-published", seen.place, event.name, "nobody published it");
  }
  const [stored] = event.stored;
  if (published === undefined || stored === undefined) return;
  if (stored.record.seq !== published.record.seq) {
    const what = `published as number ${published.record.seq} of its source, stored as ${stored.record.seq}`;
    report("never-published", stored.place, event.name, what);
  }
}
