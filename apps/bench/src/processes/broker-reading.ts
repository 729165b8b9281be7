/** What the monitor inside of a broker's process tells of it. */
export interface BrokerReading {
  /** When the broker's own program began, milliseconds since the Unix epoch. */
  readonly mainAtMs: number;
  /** Processor time so far, in milliseconds. */
  readonly processorMs: number;
  /** Resident memory now, in bytes. */
  readonly residentBytes: number;
  /** Resident memory at most so far, in bytes. */
  readonly residentBytesPeak: number;
  /** How late timers were since the last reading, in milliseconds. */
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}
