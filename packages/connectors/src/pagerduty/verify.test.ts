import { describe, expect, it } from "vitest";
import { captured, capturedRequests } from "../captured.js";
import { settingsOf } from "../settings.js";
import { pagerDutyConnector } from "./pager-duty-connector.js";
import { signPagerDuty, verifyPagerDuty } from "./verify.js";

const all = capturedRequests("pagerduty");
const example = captured("pagerduty", "v3.incident.resolved");
const [current, previous] = [example.secret, example.previousSecret ?? ""];

function reasonOf(headers: Record<string, string | undefined>): string {
  const request = { ...example.request, headers: { ...example.request.headers, ...headers } };
  const verdict = verifyPagerDuty(request, settingsOf(current));
  return verdict.ok ? "ok" : verdict.reason;
}

describe("the PagerDuty fixtures", () => {
  it("are 20", () => {
    expect(all.length).toBe(20);
  });

  it.each(all)("$name verifies as it should with the current secret: $isValid", (capture) => {
    expect(verifyPagerDuty(capture.request, settingsOf(current)).ok).toBe(capture.isValid);
  });

  it.each(all)("$name fails with any one bit changed", ({ request }) => {
    for (let index = 0; index < request.body.length; index += 1) {
      const body = request.body.slice();
      body[index] = (body[index] ?? 0) ^ (1 << (index % 8));
      expect(verifyPagerDuty({ ...request, body }, settingsOf(current)).ok).toBe(false);
    }
  });

  it("signed with the previous secret pass while it is still accepted", () => {
    const { request } = captured("pagerduty", "v3.signature.only-previous");
    expect(verifyPagerDuty(request, settingsOf(current, previous)).ok).toBe(true);
    expect(verifyPagerDuty(request, settingsOf(current))).toMatchObject({
      reason: "signature_mismatch",
    });
  });

  it("signed twice pass with either secret", () => {
    const { request } = captured("pagerduty", "v3.signature.rotation-two");
    expect(verifyPagerDuty(request, settingsOf(current)).ok).toBe(true);
    expect(verifyPagerDuty(request, settingsOf(previous)).ok).toBe(true);
    expect(verifyPagerDuty(request, settingsOf("neither")).ok).toBe(false);
  });

  it("tampered with fail with every secret", () => {
    const { request } = captured("pagerduty", "v3.signature.tampered");
    expect(verifyPagerDuty(request, settingsOf(current, previous)).ok).toBe(false);
  });
});

describe("headers", () => {
  const signature = example.request.headers["x-pagerduty-signature"] ?? "";

  it.each([
    [{ "x-pagerduty-signature": undefined }, "signature_missing"],
    [{ "x-pagerduty-signature": signature.replace("v1=", "v0=") }, "signature_mismatch"],
    [{ "x-pagerduty-signature": signature.toUpperCase() }, "signature_mismatch"],
    [{ "x-pagerduty-signature": `v2=00, ${signature}` }, "ok"],
    [{ "x-pagerduty-signature": `${signature},`.repeat(17) }, "signature_mismatch"],
    [{ "x-webhook-id": undefined }, "delivery_id_missing"],
    [{ "x-webhook-id": "é" }, "delivery_id_invalid"],
  ])("%j: %s", (headers, expected) => {
    expect(reasonOf(headers)).toBe(expected);
  });
});

it("a replay under another delivery id keeps the id it is deduplicated by", () => {
  const replayed = { ...example.request.headers, "x-webhook-id": "forged" };
  const ids = [example.request.headers, replayed].map((headers) => {
    const verified = verifyPagerDuty({ ...example.request, headers }, settingsOf(current));
    if (!verified.ok) throw new Error(verified.detail);
    return pagerDutyConnector.dedupId(verified, pagerDutyConnector.parse(example.request.body));
  });
  expect(ids).toEqual(["01OPENDXA00000000000000009", "01OPENDXA00000000000000009"]);
});

it("signPagerDuty gives the very headers of a rotation, and those of an unsigned endpoint pass", () => {
  const { request } = captured("pagerduty", "v3.signature.rotation-two");
  const { body } = request;
  const made = signPagerDuty({ secrets: [previous, current], deliveryId: "wh-00000018", body });
  expect(request.headers).toMatchObject(made);
  const open = { ...settingsOf(), allowUnsigned: true };
  expect(verifyPagerDuty({ headers: { "x-webhook-id": "1" }, body }, open).ok).toBe(true);
});
