import { EVENT_BYTES_MAX } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { outgoingEvent, type Publishable } from "./outgoing.js";

function jsonOf(given: Publishable): unknown {
  return JSON.parse(new TextDecoder().decode(outgoingEvent("t", given, undefined).data));
}

it("gives feedback the same JSON in either form of names", () => {
  const json = {
    function_id: "f",
    execution_id: "e",
    feedback_type: "quality",
    metrics: { f1: 1 },
  };
  const typed = { functionId: "f", executionId: "e", feedbackType: "quality", metrics: { f1: 1 } };
  expect(jsonOf(typed)).toEqual(json);
  expect(jsonOf(json)).toEqual(json);
  for (const given of [json, typed]) {
    expect(outgoingEvent("feedback", given, "/s")).toMatchObject({
      type: "feedback",
      source: "/s",
      correlationId: "e",
      dataContentType: "application/json",
    });
  }
});

it("gives what was learned the same JSON in either form of names", () => {
  const json = { function_id: "f", learning_type: "improvement", changes: { keepCase: [1] } };
  const typed = { functionId: "f", learningType: "improvement", changes: { keepCase: [1] } };
  expect([jsonOf(typed), jsonOf(json)]).toEqual([json, json]);
  expect(outgoingEvent("learning", json, undefined).type).toBe("learning");
});

it("takes payloads as bytes, text and JSON, 64-bit integers as strings", () => {
  const bytes = new Uint8Array([0, 255]);
  expect(outgoingEvent("t", bytes, undefined)).toEqual({ type: "bytes", data: bytes });
  expect(outgoingEvent("t", { type: "x", text: "ü" }, undefined)).toMatchObject({
    data: Buffer.from("ü"),
    dataContentType: "text/plain; charset=utf-8",
  });
  expect(jsonOf({ type: "x", json: { big: 2n ** 60n } })).toEqual({ big: "1152921504606846976" });
});

it("refuses before anything is sent what a broker would refuse, or could not see", () => {
  expect(() => outgoingEvent("a//b", { type: "x" }, undefined)).toThrow("TOPIC_NAME_INVALID");
  expect(() => outgoingEvent("t", {} as Publishable, undefined)).toThrow("EVENT_INVALID");
  const attributes = Object.fromEntries(
    Array.from({ length: 65 }, (_unused, n) => [String(n), ""]),
  );
  expect(() => outgoingEvent("t", { type: "x", attributes }, undefined)).toThrow("LIMIT_EXCEEDED");
  const data = new Uint8Array(EVENT_BYTES_MAX);
  expect(() => outgoingEvent("t", { type: "x", data }, undefined)).toThrow("LIMIT_EXCEEDED");
  expect(outgoingEvent("t", { type: "x", data: data.subarray(40) }, undefined).type).toBe("x");
});
