import { Metadata } from "@grpc/grpc-js";
import { PubSubError } from "@opendxa/pubsub-protocol";
import { toServiceError } from "@opendxa/pubsub-protocol/grpc";
import { expect, it } from "vitest";
import { transportError } from "./transport-error.js";

function bare(code: number): Error {
  return Object.assign(new Error("x"), { code, details: "gone", metadata: new Metadata() });
}

it("takes every status without the broker's details for the transport's", () => {
  for (const code of [1, 2, 8, 13, 14]) {
    expect(transportError(bare(code))).toMatchObject({
      reason: "CONNECTION_LOST",
      retryable: true,
    });
  }
  expect(transportError(bare(4)).reason).toBe("TIMED_OUT");
  expect(transportError(bare(16)).reason).toBe("UNAUTHENTICATED");
});

it("keeps what the broker said", () => {
  const sent = PubSubError.of("INTERNAL", "a fault", { metadata: { incident: "7" } });
  expect(transportError(toServiceError(sent))).toMatchObject({
    reason: "INTERNAL",
    metadata: { incident: "7" },
  });
  expect(transportError(sent)).toBe(sent);
});
