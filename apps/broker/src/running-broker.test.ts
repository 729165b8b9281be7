import { once } from "node:events";
import { connect } from "node:http2";
import { PublishStreamRequest } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { startTestBroker } from "./services/running-broker.test-support.js";

const MESSAGE_PREFIX_BYTES = 5;

/** A message as gRPC frames it. */
function framed(message: PublishStreamRequest): Buffer {
  const bytes = PublishStreamRequest.encode(message).finish();
  const prefix = Buffer.alloc(MESSAGE_PREFIX_BYTES);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

it("cuts the connections of calls that do not take their last messages, and stops", async () => {
  const broker = await startTestBroker();
  // A window of 0 bytes: nothing that the broker sends on a stream ever leaves it.
  const session = connect(`http://${broker.address}`, { settings: { initialWindowSize: 0 } });
  session.on("error", () => undefined);
  const stream = session.request({
    ":method": "POST",
    ":path": "/opendxa.pubsub.v1.PublisherService/PublishStream",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => undefined);
  const value = { namespace: "", producerId: new Uint8Array(0), clientName: "", heartbeatMs: 0 };
  stream.write(framed({ message: { $case: "open", value } }));
  // Its headers need no window: with them the call runs.
  await once(stream, "response");
  const closed = once(session, "close");
  await broker.stop();
  await closed;
  expect(stream.destroyed).toBe(true);
});
