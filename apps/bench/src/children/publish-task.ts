import type { FrameShape } from "./smoke-frames.js";

/** What a publisher process is asked to do. */
export interface PublishTask extends FrameShape {
  /** Host and port. */
  readonly address: string;
  /** Unacknowledged frames. */
  readonly framesInFlight: number;
  /** Load before the measurement, in milliseconds. */
  readonly warmUpMs: number;
  /** Length of the measurement, in milliseconds. */
  readonly measureMs: number;
}
