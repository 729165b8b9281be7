import type { FrameShape } from "../../children/publish-frames.js";
import type { Load } from "../../processes/publishing.js";
import { EVENT_BYTES, FRAME_EVENTS, FRAMES_IN_FLIGHT, type StorageSizes } from "./sizes.js";

/** Events of 1 KB that do not compress and have no identity of their own: the log profile. */
export function logShape(topic: string, changes: Partial<FrameShape> = {}): FrameShape {
  return {
    topic,
    topics: 1,
    batches: 1,
    events: FRAME_EVENTS,
    eventBytes: EVENT_BYTES,
    content: "random",
    codec: "none",
    identity: "derived",
    ...changes,
  };
}

/** How long a load is. */
type LoadTimes = Pick<StorageSizes, "warmUpMs" | "loadMs">;

/** As fast as the broker takes it, for the length of a measurement. */
export function fullLoad(shape: FrameShape, { warmUpMs, loadMs }: LoadTimes): Load {
  return { shape, framesInFlight: FRAMES_IN_FLIGHT, warmUpMs, measureMs: loadMs };
}

/** A steady rate of frames, so that latency is the broker's and not that of its queue. */
export function steadyLoad(load: Load, framesPerSecond: number): Load {
  return { ...load, framesPerSecond, framesInFlight: STEADY_FRAMES_IN_FLIGHT, keepSamples: true };
}

/** A steady load must go on while the broker is late: the contract's own bound. */
const STEADY_FRAMES_IN_FLIGHT = 64;

/** Longest that filling may take, in milliseconds. */
const FILL_MS_MAX = 600_000;

/** As many frames as hold so many bytes of events before compression. */
export function fill(shape: FrameShape, bytes: number): Load {
  const frameBytes = shape.batches * shape.events * shape.eventBytes;
  return {
    shape,
    framesInFlight: FRAMES_IN_FLIGHT,
    warmUpMs: 0,
    measureMs: FILL_MS_MAX,
    framesMax: Math.ceil(bytes / frameBytes),
  };
}
