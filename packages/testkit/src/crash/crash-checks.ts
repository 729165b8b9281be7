import { type CrashMinimums, crashShortfalls } from "./crash-minimums.js";
import type { CrashReport } from "./crash-test.js";

/** One check of a crash run; it holds where nothing violates it. */
export interface CrashCheck {
  /** What must hold, in words. */
  readonly name: string;
  /** What does not, one sentence each. */
  readonly violations: readonly string[];
}

/** Everything that a crash run is judged by: what it found, and whether it did enough to find it. Pure. */
export function crashChecks(report: CrashReport, minimums: CrashMinimums): readonly CrashCheck[] {
  const { verdict, failures } = report;
  const { kills, events, eventsOfPublisher, eventsOfLanguage } = crashShortfalls(report, minimums);
  const checks: Readonly<Record<string, readonly string[]>> = {
    "every acknowledged event is stored": verdict.missing,
    "every acknowledged event has the offset that was acknowledged": verdict.moved,
    "each event is stored once per (source, id)": verdict.doubled,
    "the events of each source are in order": verdict.disordered,
    "offsets rise": verdict.falling,
    "the publishers saw no error": failures,
    [`at least ${minimums.kills} SIGKILLs hit a broker`]: kills,
    [`at least ${minimums.events} events were acknowledged`]: events,
    [`at least ${minimums.eventsOfPublisher} events of each publisher were acknowledged`]:
      eventsOfPublisher,
    [`at least ${shown(minimums)} were acknowledged`]: eventsOfLanguage,
  };
  return Object.entries(checks).map(([name, violations]) => ({ name, violations }));
}

function shown({ eventsOfLanguage }: CrashMinimums): string {
  return Object.entries(eventsOfLanguage)
    .map(([language, least]) => `${least} events in ${language}`)
    .join(" and ");
}
