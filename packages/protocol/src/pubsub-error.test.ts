import { describe, expect, it, vi } from "vitest";
import {
  decodeStatusDetails,
  ERROR_DETAILS_MAX,
  ERROR_DOMAIN,
  ERROR_TEXT_CHARS_MAX,
  ErrorReason,
  encodeStatusDetails,
  errorReasons,
  isCancellation,
  PubSubError,
} from "./index.js";

describe("PubSubError", () => {
  it("states its reason first and its facts as data", () => {
    const error = PubSubError.of("TOPIC_NOT_FOUND", "no topic t", {
      metadata: { topic: "t", n: 3 },
    });
    expect(error).toBeInstanceOf(PubSubError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "PubSubError",
      reason: "TOPIC_NOT_FOUND",
      code: 5,
      retryable: false,
      message: "TOPIC_NOT_FOUND: no topic t",
      metadata: { topic: "t", n: "3" },
      retryAfterMs: undefined,
      fieldViolations: [],
    });
    expect(error.advice).not.toBe("");
  });

  it("is known by other copies of the package", async () => {
    vi.resetModules();
    const other = await import("./pubsub-error.js");
    expect(other.PubSubError).not.toBe(PubSubError);
    expect(PubSubError.of("INTERNAL", "x")).toBeInstanceOf(other.PubSubError);
    expect(new Error("x")).not.toBeInstanceOf(PubSubError);
    expect(PubSubError[Symbol.hasInstance](null)).toBe(false);
  });

  it("has a row for every reason of the contract", () => {
    expect(Object.keys(errorReasons)).toEqual(Object.keys(ErrorReason));
    for (const [name, { number, advice, code }] of Object.entries(errorReasons)) {
      expect(number).toBe(ErrorReason[name as keyof typeof ErrorReason]);
      expect(advice).not.toBe("");
      expect(code).toBeGreaterThan(0);
    }
  });
});

describe("PubSubError.from", () => {
  it("answers one of ours as it is and takes others for faults", () => {
    const own = PubSubError.of("OVERLOADED", "x");
    expect(PubSubError.from(own)).toBe(own);
    const cause = new TypeError("undefined is not a function");
    expect(PubSubError.from(cause)).toMatchObject({ reason: "INTERNAL", cause });
    expect(PubSubError.from("text")).toMatchObject({ reason: "INTERNAL", cause: "text" });
    expect(PubSubError.from(undefined).reason).toBe("INTERNAL");
  });

  it("never wraps a cancellation", () => {
    const reason: unknown = AbortSignal.abort().reason;
    expect(isCancellation(reason)).toBe(true);
    expect(() => PubSubError.from(reason)).toThrow(reason as Error);
    expect(isCancellation(PubSubError.of("CLIENT_CLOSED", "x"))).toBe(false);
    expect(isCancellation(undefined)).toBe(false);
  });

  it("translates what gRPC says without details", () => {
    const bare = (code: number) => ({ code, details: "said", metadata: { get: () => [] } });
    const reasons = [3, 4, 7, 8, 12, 13, 14, 15, 16].map(
      (code) => PubSubError.from(bare(code)).reason,
    );
    expect(reasons).toEqual([
      "BAD_REQUEST",
      "TIMED_OUT",
      "PERMISSION_DENIED",
      "OVERLOADED",
      "NOT_SERVED_YET",
      "INTERNAL",
      "CONNECTION_LOST",
      "DATA_CORRUPT",
      "UNAUTHENTICATED",
    ]);
    expect(PubSubError.from(bare(6))).toMatchObject({ reason: "UNSPECIFIED", code: 6 });
  });

  it("keeps the status of a reason that this version does not know", () => {
    const details = {
      code: 9,
      message: "NEW_ONE: x",
      reason: "NEW_ONE",
      domain: ERROR_DOMAIN,
      metadata: { a: "b" },
      fieldViolations: [],
    };
    const known = { code: 9, reason: "UNSPECIFIED", metadata: { a: "b" } };
    expect(PubSubError.fromStatusDetails(details)).toMatchObject(known);
    expect(PubSubError.fromStatusDetails({ ...details, reason: "constructor" })).toMatchObject(
      known,
    );
    const foreign = { ...details, domain: "other", reason: "TOPIC_NOT_FOUND" };
    expect(PubSubError.fromStatusDetails(foreign).reason).toBe("UNSPECIFIED");
  });
});

describe("status details", () => {
  it("are cut so that a trailer stays small", () => {
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`key${String(i).padStart(2, "0")}`, "x".repeat(5000)]),
    );
    const bytes = encodeStatusDetails({
      code: 3,
      message: "m".repeat(5000),
      reason: "BAD_REQUEST",
      domain: ERROR_DOMAIN,
      metadata,
      fieldViolations: [],
    });
    const decoded = decodeStatusDetails(bytes);
    expect(decoded?.message).toHaveLength(ERROR_TEXT_CHARS_MAX + 1);
    expect(Object.keys(decoded?.metadata ?? {})).toHaveLength(ERROR_DETAILS_MAX);
    expect(decoded?.metadata["key00"]).toHaveLength(ERROR_TEXT_CHARS_MAX + 1);
  });

  it("pass over details of other types and answer nothing for what is no Status", () => {
    const other = Buffer.from("08031a080a03612e621201ff", "hex");
    expect(decodeStatusDetails(other)).toEqual({
      code: 3,
      message: "",
      metadata: {},
      fieldViolations: [],
    });
    expect(decodeStatusDetails(Buffer.from("1affffffff", "hex"))).toBeUndefined();
  });
});
