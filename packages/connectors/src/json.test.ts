import { describe, expect, it } from "vitest";
import { ConnectorError } from "./connector-error.js";
import { parseJson } from "./json.js";
import {
  errorFieldCharsMax,
  eventNameCharsMax,
  jsonDepthMax,
  jsonNameCharsMax,
  jsonStringCharsMax,
  jsonValuesMax,
  secretCharsMax,
  secretsMax,
  toleranceMsMax,
  toleranceMsMin,
  webhookBodyBytesMax,
} from "./limits.js";
import { mlflowConnector } from "./mlflow/mlflow-connector.js";
import { pagerDutyConnector } from "./pagerduty/pager-duty-connector.js";
import { connectorFor } from "./registry.js";
import { type ConnectorSettings, checkSettings, settingsOf } from "./settings.js";

const bytes = (text: string) => new TextEncoder().encode(text);

function failure(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof ConnectorError) return { ...error };
    throw error;
  }
  return "no error";
}

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("bounds of a body", () => {
  it.each([
    ["bytes", " ".repeat(webhookBodyBytesMax - 1) + 1, " ".repeat(webhookBodyBytesMax) + 1],
    ["levels", nested(jsonDepthMax), nested(jsonDepthMax + 1)],
    ["values", `[${"1,".repeat(jsonValuesMax - 2)}1]`, `[${"1,".repeat(jsonValuesMax - 1)}1]`],
    ["string", `"${"x".repeat(jsonStringCharsMax)}"`, `"${"x".repeat(jsonStringCharsMax + 1)}"`],
    ["name", `{"${"x".repeat(jsonNameCharsMax)}":1}`, `{"${"x".repeat(jsonNameCharsMax + 1)}":1}`],
  ])("%s: the largest passes, one more is refused by name", (what, largest, over) => {
    expect(failure(() => parseJson(bytes(largest)))).toBe("no error");
    expect(failure(() => parseJson(bytes(over)))).toMatchObject({
      reason: what === "bytes" ? "body_too_large" : "bad_json",
      rule: expect.stringMatching(/at most \d+/),
    });
  });

  it("holds against the deepest body there can be", () => {
    expect(failure(() => parseJson(bytes(nested(webhookBodyBytesMax / 2))))).toMatchObject({
      reason: "bad_json",
    });
  });

  it("shortens hostile paths", () => {
    const name = "n".repeat(jsonNameCharsMax);
    const error = failure(() => parseJson(bytes(`{"${name}":1e999}`)));
    expect((error as ConnectorError).field).toHaveLength(errorFieldCharsMax);
  });
});

describe("hostile JSON", () => {
  it.each([
    ["", "must be valid JSON"],
    ["{", "must be valid JSON"],
    ["NaN", "must be valid JSON"],
    ["1e999", "number outside the range of a double"],
    ["[-1e999]", "number outside the range of a double"],
  ])("%s: %s", (text, rule) => {
    expect(failure(() => parseJson(bytes(text)))).toMatchObject({ reason: "bad_json", rule });
  });

  it("with broken UTF-8 is refused", () => {
    expect(failure(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))).toMatchObject({
      rule: "must be valid UTF-8",
    });
  });

  it("keeps __proto__ as data, the last of duplicates, NUL, and mends lone surrogates", () => {
    const text = '{"__proto__":{"polluted":1},"a":1,"a":2,"s":"\\ud800x\\u0000\\ud83d\\ude00"}';
    const value = parseJson(bytes(text)) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(["__proto__", "a", "s"]);
    expect([value["a"], value["s"]]).toEqual([2, "\uFFFDx\u0000😀"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("shapes", () => {
  const long = "x".repeat(eventNameCharsMax + 1);
  it.each([
    ["[]", "body"],
    ["null", "body"],
    ["{}", "body.entity"],
    [`{"entity":"${long}","action":"b","data":{}}`, "body.entity"],
    ['{"entity":"a b","action":"b","data":{}}', "body.entity"],
    ['{"entity":"a","action":7,"data":{}}', "body.action"],
    ['{"entity":"a","action":"b","data":[]}', "body.data"],
  ])("MLflow %s: %s", (text, field) => {
    expect(failure(() => mlflowConnector.parse(bytes(text)))).toMatchObject({
      reason: "bad_shape",
      field,
    });
  });

  it.each([
    ["{}", "body.event"],
    ['{"event":{}}', "body.event.id"],
    [`{"event":{"id":"${"x".repeat(129)}"}}`, "body.event.id"],
    ['{"event":{"id":"1"}}', "body.event.event_type"],
    ['{"event":{"id":"1","event_type":"a..b"}}', "body.event.event_type"],
    ['{"event":{"id":"1","event_type":"a.b"}}', "body.event.data"],
  ])("PagerDuty %s: %s", (text, field) => {
    expect(failure(() => pagerDutyConnector.parse(bytes(text)))).toMatchObject({
      reason: "bad_shape",
      field,
    });
  });
});

describe("settings", () => {
  const good = settingsOf("a", "b");
  it.each<[ConnectorSettings, string | undefined]>([
    [good, undefined],
    [{ ...good, secrets: [] }, "secrets"],
    [{ ...good, secrets: [], allowUnsigned: true }, undefined],
    [{ ...good, secrets: ["a", ""] }, "secrets"],
    [{ ...good, secrets: ["x".repeat(secretCharsMax + 1)] }, "secrets"],
    [{ ...good, secrets: Array.from({ length: secretsMax + 1 }, () => "x") }, "secrets"],
    [{ ...good, toleranceMs: toleranceMsMin - 1 }, "toleranceMs"],
    [{ ...good, toleranceMs: toleranceMsMax + 1 }, "toleranceMs"],
    [{ ...good, toleranceMs: toleranceMsMin + 0.5 }, "toleranceMs"],
  ])("%#", (settings, field) => {
    const error = failure(() => checkSettings(settings));
    if (field === undefined) expect(error).toBe("no error");
    else expect(error).toMatchObject({ reason: "bad_settings", field });
  });
});

it("MLflow signs its delivery id, so deduplication may use it", () => {
  const parsed = mlflowConnector.parse(bytes('{"entity":"a","action":"b","data":{}}'));
  expect(mlflowConnector.dedupId({ ok: true, deliveryId: "d" }, parsed)).toBe("d");
});

it("connectors are found by their own names only", () => {
  expect(connectorFor("mlflow")).toBe(mlflowConnector);
  expect([connectorFor("toString"), connectorFor("slack")]).toEqual([undefined, undefined]);
});
