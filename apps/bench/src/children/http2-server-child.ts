import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { answerTask } from "../processes/child.js";
import { HTTP2_ACK_BYTES, HTTP2_WINDOW_BYTES } from "./http2-settings.js";
import { MessageLengths } from "./message-lengths.js";

/** Counts frames and acknowledges them cumulatively, once for each chunk that ends some; stores nothing. */
function acknowledge(stream: ServerHttp2Stream): void {
  const lengths = new MessageLengths();
  let frames = 0n;
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
  stream.on("data", (chunk: Buffer) => {
    const ended = lengths.push(chunk);
    if (ended === 0) return;
    frames += BigInt(ended);
    const ack = Buffer.alloc(HTTP2_ACK_BYTES);
    ack.writeBigUInt64BE(frames);
    stream.write(ack);
  });
  stream.on("end", () => stream.end());
}

await answerTask(async () => {
  const server = createServer({ settings: { initialWindowSize: HTTP2_WINDOW_BYTES } });
  server.on("session", (session) => session.setLocalWindowSize(HTTP2_WINDOW_BYTES));
  server.on("stream", acknowledge);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
});
