import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import {
  decodeStatusDetails,
  GetTopicRequest,
  PublishStreamRequest,
  requiredPermissions,
  SubscribeRequest,
} from "@opendxa/pubsub-protocol";
import { STATUS_DETAILS_KEY } from "@opendxa/pubsub-protocol/grpc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { notServed } from "../not-served.js";
import { callRaw, startEmptyServer } from "./test-server.test-support.js";

let started: Awaited<ReturnType<typeof startEmptyServer>>;
beforeAll(async () => {
  started = await startEmptyServer();
});
afterAll(() => started.server.forceShutdown());

function detailsOf(caught: unknown) {
  const error = caught as ServiceError;
  const [bytes] = error.metadata.get(STATUS_DETAILS_KEY);
  const details = bytes instanceof Uint8Array ? decodeStatusDetails(bytes) : undefined;
  expect(details?.code).toBe(error.code);
  return { code: error.code, reason: details?.reason, metadata: details?.metadata };
}

async function errorOf(path: string, bytes: Uint8Array = new Uint8Array(0)) {
  return detailsOf(await callRaw(started.address, path, bytes).catch((error: unknown) => error));
}

describe("no bare status leaves the broker", () => {
  it.each(Object.entries(notServed))(
    "%s is UNIMPLEMENTED and says which part",
    async (name, part) => {
      expect(await errorOf(`/opendxa.pubsub.v1.${name}`)).toEqual({
        code: status.UNIMPLEMENTED,
        reason: "NOT_SERVED_YET",
        metadata: { method: name, part: String(part) },
      });
    },
  );

  it("names an unknown namespace", async () => {
    const bytes = GetTopicRequest.encode({ namespace: "nowhere", name: "t" }).finish();
    expect(await errorOf("/opendxa.pubsub.v1.TopicService/GetTopic", bytes)).toEqual({
      code: status.NOT_FOUND,
      reason: "NAMESPACE_NOT_FOUND",
      metadata: { namespace: "nowhere" },
    });
  });

  it("answers a path that the contract does not have", async () => {
    expect(await errorOf("/opendxa.pubsub.v1.TopicService/Nothing")).toMatchObject({
      code: status.UNIMPLEMENTED,
      reason: "NOT_SERVED_YET",
    });
  });

  it("answers bytes that are no message", async () => {
    const bytes = Buffer.from([0x0a, 0xff]);
    expect(await errorOf("/opendxa.pubsub.v1.TopicService/GetTopic", bytes)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: "BAD_REQUEST",
    });
  });

  it.each([
    ["its own bound", 1024 * 1024 + 1],
    ["the transport's bound", 4 * 1024 * 1024 + 1],
  ])("answers a message above %s", async (_what, size) => {
    const path = "/opendxa.pubsub.v1.PublisherService/Publish";
    expect(await errorOf(path, new Uint8Array(size))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "message" },
    });
  });

  it("reports a fault by an incident number only", async () => {
    // No namespace is served here, so the broker's facts, which are the first one's, are a fault.
    const error = await errorOf("/opendxa.pubsub.v1.BrokerService/GetBroker");
    expect(error).toMatchObject({ code: status.INTERNAL, reason: "INTERNAL" });
    expect(error.metadata?.["incident"]).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe("streams", () => {
  function open(path: string, messages: Uint8Array[]): Promise<unknown> {
    const client = new Client(started.address, credentials.createInsecure());
    const same = (value: Buffer) => value;
    const call = client.makeBidiStreamRequest(path, same, same);
    return new Promise((resolve) => {
      call.on("error", (error: unknown) => {
        client.close();
        resolve(error);
      });
      call.on("data", () => undefined);
      for (const message of messages) call.write(Buffer.from(message));
    });
  }
  const publishPath = "/opendxa.pubsub.v1.PublisherService/PublishStream";
  const subscribePath = "/opendxa.pubsub.v1.SubscriberService/Subscribe";
  const frame = PublishStreamRequest.encode({
    message: { $case: "frame", value: { number: 1n, batches: [], atomic: false } },
  }).finish();
  const credit = SubscribeRequest.encode({
    message: { $case: "credit", value: { bytes: 1n, events: 1 } },
  }).finish();

  it.each([
    [publishPath, frame],
    [subscribePath, credit],
  ])("%s begins with open", async (path, message) => {
    expect(detailsOf(await open(path, [message]))).toMatchObject({
      reason: "FRAME_OUT_OF_ORDER",
      metadata: { expected: "open" },
    });
    expect(detailsOf(await open(path, [Buffer.from([0x0a, 0xff])])).reason).toBe("BAD_REQUEST");
  });

  it("names an unknown namespace and leaves nothing behind", async () => {
    const message = PublishStreamRequest.encode({
      message: {
        $case: "open",
        value: {
          namespace: "nowhere",
          producerId: new Uint8Array(0),
          clientName: "",
          heartbeatMs: 0,
        },
      },
    }).finish();
    expect(detailsOf(await open(publishPath, [message])).reason).toBe("NAMESPACE_NOT_FOUND");
    expect(started.live.size).toBe(0);
  });
});

it("states a permission for every RPC of the contract", () => {
  for (const name of Object.keys(notServed)) {
    expect(Object.keys(requiredPermissions)).toContain(`/opendxa.pubsub.v1.${name}`);
  }
});
