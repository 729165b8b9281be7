import type { FrameShape } from "./publish-frames.js";

/** What a publisher process is asked to do. */
export interface PublishTask {
  /** Host and port. */
  readonly address: string;
  /** What it publishes. */
  readonly shape: FrameShape;
  /** Unacknowledged frames. */
  readonly framesInFlight: number;
  /** Load before the measurement, in milliseconds. */
  readonly warmUpMs: number;
  /** Length of the measurement, in milliseconds. */
  readonly measureMs: number;
  /** Ends earlier, after so many frames. */
  readonly framesMax?: number | undefined;
  /**
   * Sends a frame at each of so many equal moments of a second, whatever the broker does; latency
   * then counts from that moment. Absent: as fast as it may.
   */
  readonly framesPerSecond?: number | undefined;
  /** Answers each frame's time and latency as well. */
  readonly keepSamples?: boolean | undefined;
}

/** What a publisher measured between warm-up and end. */
export interface PublishRate {
  /** Events acknowledged a second. */
  readonly eventsPerSecond: number;
  /** Payload bytes (heads and bodies) acknowledged a second, in units of 1,000,000. */
  readonly megabytesPerSecond: number;
  /** Time from writing a frame to its ack, in milliseconds, p50. */
  readonly ackMsP50: number;
  /** The same, p99. */
  readonly ackMsP99: number;
  /** Events acknowledged in all, warm-up included. */
  readonly eventsAcked: number;
  /** Bytes of heads and bodies acknowledged in all, as sent. */
  readonly payloadBytesAcked: number;
  /** The same before compression. */
  readonly rawBytesAcked: number;
  /** When the measurement began and ended, milliseconds since the Unix epoch. */
  readonly window: readonly [number, number];
  /** When each measured frame was acknowledged, milliseconds since the Unix epoch, and its latency. */
  readonly samples: readonly (readonly [atMs: number, latencyMs: number])[];
}
