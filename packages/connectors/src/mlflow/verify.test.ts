import { describe, expect, it } from "vitest";
import { captured, capturedRequests } from "../captured.js";
import type { WebhookRequest } from "../connector.js";
import { signatureHeaderCharsMax, signaturesMax, toleranceMsDefault } from "../limits.js";
import { settingsOf } from "../settings.js";
import { signMlflow, verifyMlflow } from "./verify.js";

const all = capturedRequests("mlflow");
const signed = all.filter((capture) => capture.secret !== "");
const example = captured("mlflow", "model_version_tag.set");
const settings = settingsOf(example.secret);

function withHeader(name: string, value: string | undefined): WebhookRequest {
  return { ...example.request, headers: { ...example.request.headers, [name]: value } };
}

function reasonOf(request: WebhookRequest, nowMs = example.receivedAtMs): string {
  const verdict = verifyMlflow(request, settings, nowMs);
  return verdict.ok ? "ok" : verdict.reason;
}

describe("the captures of a real MLflow", () => {
  it("are 21, of which 20 are signed", () => {
    expect([all.length, signed.length]).toEqual([21, 20]);
  });

  it.each(signed)("$name verifies at its own time", ({ request, secret, receivedAtMs }) => {
    const verdict = verifyMlflow(request, settingsOf("other", secret), receivedAtMs);
    expect(verdict).toEqual({ ok: true, deliveryId: request.headers["x-mlflow-delivery-id"] });
  });

  it.each(signed)("$name fails with any one bit changed", ({ request, secret, receivedAtMs }) => {
    for (let index = 0; index < request.body.length; index += 1) {
      const body = request.body.slice();
      body[index] = (body[index] ?? 0) ^ (1 << (index % 8));
      const verdict = verifyMlflow({ ...request, body }, settingsOf(secret), receivedAtMs);
      expect(verdict).toMatchObject({ ok: false, reason: "signature_mismatch" });
    }
  });

  it("retried by the sender share their delivery id, and the last is still in time", () => {
    const ids = [1, 2, 3].map((attempt) => {
      const capture = captured("mlflow", `model_version_tag.set.retry-attempt-${attempt}`);
      const verdict = verifyMlflow(capture.request, settings, capture.receivedAtMs);
      return verdict.ok ? verdict.deliveryId : verdict.reason;
    });
    expect(new Set(ids)).toEqual(new Set(["4dea84b6-a082-4d3b-939e-7bbb898caeae"]));
  });

  it("without a secret pass only an endpoint that has none and allows it", () => {
    const { request, receivedAtMs } = captured("mlflow", "model_version_tag.set.no-secret");
    const open = { secrets: [], toleranceMs: toleranceMsDefault, allowUnsigned: true };
    expect(verifyMlflow(request, open, receivedAtMs).ok).toBe(true);
    expect(verifyMlflow(request, { ...open, allowUnsigned: false }, receivedAtMs)).toMatchObject({
      reason: "signature_missing",
    });
    const guarded = { ...open, secrets: ["a secret"] };
    expect(verifyMlflow(request, guarded, receivedAtMs)).toMatchObject({
      reason: "signature_missing",
    });
    expect(verifyMlflow(request, open, receivedAtMs + 3_600_000)).toMatchObject({
      reason: "timestamp_out_of_window",
    });
  });
});

describe("the window around the signed timestamp", () => {
  const sentAtMs = Number(example.request.headers["x-mlflow-timestamp"]) * 1000;

  it.each([
    [toleranceMsDefault, "ok"],
    [toleranceMsDefault + 1, "timestamp_out_of_window"],
    [-toleranceMsDefault, "ok"],
    [-toleranceMsDefault - 1, "timestamp_out_of_window"],
  ])("%i ms after it: %s", (ageMs, expected) => {
    expect(reasonOf(example.request, sentAtMs + ageMs)).toBe(expected);
  });

  it("cannot be moved: the timestamp is signed", () => {
    expect(reasonOf(withHeader("x-mlflow-timestamp", "1795446493"))).toBe("signature_mismatch");
  });
});

describe("headers", () => {
  const signature = example.request.headers["x-mlflow-signature"] ?? "";

  it.each([
    ["x-mlflow-signature", undefined, "signature_missing"],
    ["x-mlflow-signature", "", "signature_missing"],
    ["x-mlflow-signature", signature.replace("v1,", "v2,"), "signature_mismatch"],
    ["x-mlflow-signature", `v2,zzz v1,AAAA ${signature}`, "ok"],
    ["x-mlflow-signature", signature.replace("=", ""), "signature_mismatch"],
    ["x-mlflow-signature", signature.replace("+", "-"), "signature_mismatch"],
    ["x-mlflow-signature", `${signature} `.repeat(signaturesMax - 1).trim(), "ok"],
    ["x-mlflow-signature", `${signature} `.repeat(signaturesMax), "signature_mismatch"],
    ["x-mlflow-signature", "v".repeat(signatureHeaderCharsMax + 1), "signature_mismatch"],
    ["x-mlflow-timestamp", undefined, "timestamp_missing"],
    ["x-mlflow-timestamp", "soon", "timestamp_invalid"],
    ["x-mlflow-timestamp", "1e9", "timestamp_invalid"],
    ["x-mlflow-timestamp", "1795446492000000", "timestamp_invalid"],
    ["x-mlflow-delivery-id", undefined, "delivery_id_missing"],
    ["x-mlflow-delivery-id", "a b", "delivery_id_invalid"],
    ["x-mlflow-delivery-id", "x".repeat(129), "delivery_id_invalid"],
    ["x-mlflow-delivery-id", "another", "signature_mismatch"],
  ])("%s = %s: %s", (name, value, expected) => {
    expect(reasonOf(withHeader(name, value))).toBe(expected);
  });

  it("inherited by the header object do not count", () => {
    const headers = Object.create(example.request.headers) as Record<string, string>;
    expect(reasonOf({ ...example.request, headers })).toBe("delivery_id_missing");
  });
});

describe("signMlflow", () => {
  it("gives the very headers of a capture", () => {
    const { headers, body } = example.request;
    const made = signMlflow({
      secret: example.secret,
      deliveryId: headers["x-mlflow-delivery-id"] ?? "",
      timestampMs: Number(headers["x-mlflow-timestamp"]) * 1000 + 999,
      body,
    });
    expect(headers).toMatchObject(made);
  });

  it("renews an old capture with another secret, its body unchanged", () => {
    const { body } = example.request;
    const made = signMlflow({ secret: "new", deliveryId: "again", timestampMs: 5e12, body });
    const verdict = verifyMlflow({ headers: made, body }, settingsOf("new"), 5e12);
    expect(verdict).toEqual({ ok: true, deliveryId: "again" });
  });

  it("never verifies with an empty secret, which anybody knows", () => {
    const { body } = example.request;
    const headers = signMlflow({ secret: "", deliveryId: "x", timestampMs: 0, body });
    const open = { ...settingsOf(""), allowUnsigned: true };
    expect(verifyMlflow({ headers, body }, open, 0)).toMatchObject({
      reason: "signature_mismatch",
    });
  });
});
