import { connect } from "node:http2";
import { answerTask } from "../processes/child.js";
import { HTTP2_ACK_BYTES, HTTP2_WINDOW_BYTES } from "./http2-settings.js";
import { withPrefix } from "./message-lengths.js";
import type { PublishTask } from "./publish-task.js";
import { type PublishRate, RateMeter } from "./rate-meter.js";
import { SmokeFrames } from "./smoke-frames.js";

/** Sends the frames of the gRPC publisher over node:http2 alone. */
async function publish(task: PublishTask): Promise<PublishRate> {
  const frames = new SmokeFrames(task);
  const session = connect(`http://${task.address}`, {
    settings: { initialWindowSize: HTTP2_WINDOW_BYTES },
  });
  const stream = session.request({ ":method": "POST", ":path": "/", te: "trailers" });
  const meter = new RateMeter({
    warmUpMs: task.warmUpMs,
    measureMs: task.measureMs,
    frameEvents: task.events,
    framePayloadBytes: frames.payloadBytes,
  });
  let next = 1;
  const send = () => {
    while (meter.isOpen && meter.inFlight < task.framesInFlight) {
      meter.sent(next);
      stream.write(withPrefix(frames.frame(next, 1)));
      next += 1;
    }
  };
  try {
    await new Promise<void>((resolve, reject) => {
      let rest = Buffer.alloc(0);
      session.on("error", reject);
      stream.on("error", reject);
      stream.on("data", (chunk: Buffer) => {
        const acks = Buffer.concat([rest, chunk]);
        const whole = acks.length - (acks.length % HTTP2_ACK_BYTES);
        rest = acks.subarray(whole);
        if (whole === 0) return;
        meter.ackedThrough(Number(acks.readBigUInt64BE(whole - HTTP2_ACK_BYTES)));
        send();
        if (!meter.isOpen && meter.inFlight === 0) resolve();
      });
      send();
    });
    return meter.result();
  } finally {
    stream.close();
    session.destroy();
  }
}

await answerTask(publish);
