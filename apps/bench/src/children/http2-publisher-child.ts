import { connect } from "node:http2";
import { answerTask } from "../processes/child.js";
import { HTTP2_ACK_BYTES, HTTP2_WINDOW_BYTES } from "./http2-settings.js";
import { withPrefix } from "./message-lengths.js";
import { PublishFrames } from "./publish-frames.js";
import type { PublishRate, PublishTask } from "./publish-task.js";
import { RateMeter } from "./rate-meter.js";

/** Sends the frames of the gRPC publisher over node:http2 alone. */
async function publish(task: PublishTask): Promise<PublishRate> {
  const frames = new PublishFrames(task.shape);
  const session = connect(`http://${task.address}`, {
    settings: { initialWindowSize: HTTP2_WINDOW_BYTES },
  });
  const stream = session.request({ ":method": "POST", ":path": "/", te: "trailers" });
  const frameEvents = task.shape.batches * task.shape.events;
  const meter = new RateMeter({ ...task, frameEvents });
  let next = 1;
  const send = () => {
    while (meter.isOpen && meter.inFlight < task.framesInFlight) {
      const frame = frames.frame(next, 1);
      meter.sent(next, frame);
      stream.write(withPrefix(frame.bytes));
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
