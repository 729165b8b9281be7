import type { Figure } from "../report/result.js";
import type { BrokerReading } from "./broker-reading.js";

/** What one load cost the broker. */
export interface BrokerUsage {
  /** Processor time per event, in microseconds. */
  readonly microsecondsPerEvent: number;
  /** Resident memory when the load ended, in bytes. */
  readonly residentBytes: number;
  /** Resident memory at most since the broker's start, in bytes. */
  readonly residentBytesPeak: number;
  /** How late timers were during the load, in milliseconds. */
  readonly loopDelayMs: BrokerReading["loopDelayMs"];
}

/** The usage between two readings, for so many events. */
export function usageBetween(before: BrokerReading, after: BrokerReading, events: number) {
  return {
    microsecondsPerEvent: ((after.processorMs - before.processorMs) * 1_000) / events,
    residentBytes: after.residentBytes,
    residentBytesPeak: after.residentBytesPeak,
    loopDelayMs: after.loopDelayMs,
  } satisfies BrokerUsage;
}

/** The figures of the same load in several rounds. */
export function usageFigures(rounds: readonly BrokerUsage[]): Figure[] {
  const figure = (name: string, unit: string, value: (usage: BrokerUsage) => number): Figure => ({
    name,
    unit,
    values: rounds.map(value),
  });
  return [
    figure("broker's processor time per event", "us", (usage) => usage.microsecondsPerEvent),
    figure("broker's resident memory", "MB", (usage) => usage.residentBytes / 1e6),
    figure("broker's resident memory, peak", "MB", (usage) => usage.residentBytesPeak / 1e6),
    figure("broker's event-loop delay p50", "ms", (usage) => usage.loopDelayMs.p50),
    figure("broker's event-loop delay p99", "ms", (usage) => usage.loopDelayMs.p99),
    figure("broker's event-loop delay max", "ms", (usage) => usage.loopDelayMs.max),
  ];
}
