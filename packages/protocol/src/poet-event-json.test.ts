import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DriftDetected,
  decodePoetEvent,
  encodePoetEvent,
  FeedbackEvent,
  isPoetEventType,
  PubSubError,
  poetEventFromJson,
  poetEventMessages,
  poetEventToJson,
} from "./index.js";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0);

function caught(action: () => unknown): PubSubError {
  try {
    action();
  } catch (error) {
    return PubSubError.from(error);
  }
  throw new Error("nothing was thrown");
}

const feedback: fc.Arbitrary<FeedbackEvent> = fc.record({
  functionId: fc.string(),
  executionId: fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text)),
  timestamp: fc.constant("2026-01-31T12:00:00Z"),
  feedbackType: fc.constantFrom("success", "error"),
  metrics: fc.dictionary(fc.string(), finite, { noNullPrototype: true }),
  context: fc.dictionary(
    fc.string(),
    fc
      .jsonValue({ noUnicodeString: false } as never)
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    { noNullPrototype: true },
  ),
  suggestions: fc.array(fc.string()),
  rating: fc.option(finite, { nil: undefined }),
  comments: fc.option(fc.string(), { nil: undefined }),
  version: fc.option(fc.string(), { nil: undefined }),
  source: fc.option(fc.string(), { nil: undefined }),
  supersedes: fc.option(fc.string(), { nil: undefined }),
  retracted: fc.option(fc.boolean(), { nil: undefined }),
});

describe("typed events as JSON", () => {
  it("come back as they went", () => {
    fc.assert(
      fc.property(feedback, (event) => {
        const data = encodePoetEvent("feedback", event);
        expect(decodePoetEvent("feedback", data)).toEqual(event);
      }),
    );
  });

  it("have snake_case names, 64-bit integers as strings and no unset options", () => {
    const event = DriftDetected.fromPartial({
      executionId: "e",
      driftScore: 0.5,
      dataCharacteristics: { sampleSize: 2n ** 64n - 1n, dataType: "mixed" },
    });
    const json = poetEventToJson("drift.detected", event);
    expect(json).toEqual({
      execution_id: "e",
      function_name: "",
      model_name: "",
      feature_name: "",
      drift_score: 0.5,
      method: "",
      statistical_significance: 0,
      data_characteristics: { sample_size: "18446744073709551615", data_type: "mixed" },
    });
    expect(poetEventFromJson("drift.detected", json)).toEqual(event);
  });

  it("are read leniently where fields are absent, unknown or null", () => {
    const event = poetEventFromJson("function.execution", {
      execution_id: "e",
      error: null,
      metrics: { duration_ms: 5 },
      added_later: { deep: 1 },
    });
    expect(event).toMatchObject({ executionId: "e", functionName: "", metrics: { durationMs: 5 } });
    expect(event.error).toBeUndefined();
    const few = poetEventFromJson("learning.pattern_detected", { evidence: { sample_size: 12 } });
    expect(few.evidence?.sampleSize).toBe(12n);
    expect(few.affectedFunctions).toEqual([]);
  });

  it.each([
    [{ drift_score: "high" }, "drift_score"],
    [{ data_characteristics: [] }, "data_characteristics"],
    [{ data_characteristics: { sample_size: -1 } }, "data_characteristics.sample_size"],
    [
      { data_characteristics: { sample_size: "18446744073709551616" } },
      "data_characteristics.sample_size",
    ],
    [[], "data"],
    ["text", "data"],
  ])("name the field that has another type: %j", (json, field) => {
    expect(caught(() => poetEventFromJson("drift.detected", json))).toMatchObject({
      reason: "BAD_REQUEST",
      metadata: { field },
      fieldViolations: [{ field }],
    });
  });

  it("name the items that have another type", () => {
    const read = (json: unknown) =>
      caught(() => poetEventFromJson("feedback", json)).metadata["field"];
    expect(read({ suggestions: ["a", 1] })).toBe("suggestions[1]");
    expect(read({ metrics: { a: "1" } })).toBe("metrics.a");
    expect(read({ suggestions: {} })).toBe("suggestions");
    const bad = FeedbackEvent.fromPartial({ metrics: { a: Number.NaN } });
    expect(caught(() => poetEventToJson("feedback", bad)).metadata["field"]).toBe("metrics.a");
    const undefinedInside = FeedbackEvent.fromPartial({ context: { a: { b: undefined } } });
    expect(caught(() => poetEventToJson("feedback", undefinedInside)).metadata["field"]).toBe(
      "context.a.b",
    );
    expect(caught(() => decodePoetEvent("feedback", Buffer.from("{"))).reason).toBe("BAD_REQUEST");
    expect(caught(() => decodePoetEvent("feedback", Buffer.from([0x22, 0xff, 0x22]))).reason).toBe(
      "BAD_REQUEST",
    );
  });
});

describe("JSON Schemas", () => {
  const folder = new URL("../schemas/", import.meta.url);

  it("exist for every typed event and say what its JSON looks like", () => {
    const files = readdirSync(folder).map((name) => name.replace(/\.json$/, ""));
    expect(files.sort()).toEqual(Object.keys(poetEventMessages).sort());
    for (const type of files) {
      if (!isPoetEventType(type)) throw new Error(type);
      const schema = JSON.parse(readFileSync(new URL(`${type}.json`, folder), "utf8")) as {
        properties: Record<string, { description: string }>;
        required: string[];
        title: string;
      };
      expect(schema.title).toBe(poetEventMessages[type]);
      const empty = poetEventToJson(type, poetEventFromJson(type, {}) as never);
      const lists = ["array", "object"];
      const written = Object.keys(empty).filter(
        (name) =>
          !lists.includes((schema.properties[name] as { type?: string } | undefined)?.type ?? ""),
      );
      expect(written.sort()).toEqual([...schema.required].sort());
      for (const { description } of Object.values(schema.properties))
        expect(description).not.toBe("");
    }
  });
});
