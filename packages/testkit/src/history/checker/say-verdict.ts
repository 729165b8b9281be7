import type { HistoryVerdict } from "./check-history.js";
import type { HistoryFigures } from "./figures.js";
import { VIOLATIONS_PRINTED_MAX } from "./limits.js";
import { RULES } from "./violation.js";

/**
 * Prints a verdict: every rule with what breaks it, the figures, and `N passed, N failed`.
 *
 * @returns rules that are broken
 */
export function sayVerdict(verdict: HistoryVerdict, say: (line: string) => void): number {
  const { violations, counts, figures } = verdict;
  for (const rule of RULES) {
    const count = counts.get(rule) ?? 0;
    say(count === 0 ? `ok   ${rule}` : `FAIL ${rule}: ${count}`);
    const shown = violations.filter((each) => each.rule === rule).slice(0, VIOLATIONS_PRINTED_MAX);
    for (const { place, about, what } of shown) {
      say(`       ${place.file}:${place.line}: ${about}: ${what}`);
    }
  }
  for (const line of figureLines(figures)) say(line);
  say(`${RULES.length - counts.size} passed, ${counts.size} failed`);
  return counts.size;
}

function figureLines(figures: HistoryFigures): string[] {
  const { owed, paid } = figures;
  const ratio = owed === 0 ? "none owed" : (paid / owed).toFixed(6);
  return [
    `${figures.records} records of ${figures.processes} processes; killed: broker ${figures.brokerKills}, clients ${figures.clientKills}`,
    `published ${figures.published}, acked ${figures.acked}, duplicates ${figures.duplicates}, failed ${figures.failed}`,
    `delivered ${figures.delivered}, redelivered ${figures.redelivered} (${figures.attemptsFell} with fewer attempts after a crash), nacked ${figures.nacked}, dead-lettered ${figures.deadLettered}, expired ${figures.expired}, skipped ${figures.skipped}`,
    `delivered/acked ${ratio} (${paid} of ${owed} pairs of event and subscription), keys checked ${figures.keys}`,
    `longest gaps: ${figures.ackGapMs} ms between acks, ${figures.deliveryGapMs} ms between deliveries`,
  ];
}
