import { describe, expect, it } from "vitest";
import { captured, capturedRequests } from "../captured.js";
import type { Mapping } from "../connector.js";
import { commentCharsMax } from "../limits.js";
import type { ConnectorMemory } from "../memory.js";
import { pagerDutyConnector } from "./pager-duty-connector.js";

interface Sent {
  readonly data?: object;
  readonly agent?: object | null;
  readonly occurred_at?: string;
}

/** Feeds bodies to the connector as ingress would, keeping what it wants remembered. */
class Feed {
  readonly memory = new Map<string, ConnectorMemory>();

  capture(name: string): Mapping {
    const { request } = captured("pagerduty", name);
    return this.#map(request.body, request.headers["x-webhook-id"] ?? "");
  }

  event(type: string, sent: Sent, deliveryId?: string): Mapping {
    const event = { id: "E", event_type: type, data: {}, agent: null, ...sent };
    return this.#map(new TextEncoder().encode(JSON.stringify({ event })), deliveryId);
  }

  #map(body: Uint8Array, deliveryId: string | undefined): Mapping {
    const parsed = pagerDutyConnector.parse(body);
    const known = pagerDutyConnector
      .memoryKeys(parsed)
      .flatMap((key): [string, ConnectorMemory][] => {
        const value = this.memory.get(key);
        return value === undefined ? [] : [[key, value]];
      });
    const origin = deliveryId === undefined ? undefined : { deliveryId };
    const mapping = pagerDutyConnector.map(parsed, new Map(known), origin);
    for (const { key, value } of mapping.memory) {
      if (value !== undefined) this.memory.set(key, value);
    }
    return mapping;
  }
}

const incident = "pagerduty:incident:Q1INCIDENT01";
const direct = ["pagerduty:dedup:opendxa:exec-7f3a", incident];
const explicit = ["opendxa:correlation:exec-7f3a", "opendxa:execution:exec-7f3a"];
const resolved = "feedback.alert_resolved";
const table: Record<string, readonly [string | undefined, string[], string?]> = {
  "v3.incident.acknowledged": ["Q1INCIDENT01", direct],
  "v3.incident.annotated": ["Q1INCIDENT01", [incident], "function.feedback"],
  "v3.incident.custom_field_values.updated": [
    "Q1INCIDENT01",
    [...explicit, incident],
    "feedback.human_validation",
  ],
  "v3.incident.delegated": ["Q1INCIDENT01", direct],
  "v3.incident.escalated": ["Q1INCIDENT01", direct],
  "v3.incident.priority_updated": ["Q1INCIDENT01", direct],
  "v3.incident.reassigned": ["Q1INCIDENT01", direct],
  "v3.incident.reopened": ["Q1INCIDENT01", direct],
  "v3.incident.resolved": ["Q1INCIDENT01", direct, resolved],
  "v3.incident.resolved.merged": ["Q1INCIDENT01", direct],
  "v3.incident.responder.added": ["Q1INCIDENT01", [incident]],
  "v3.incident.responder.replied": ["Q1INCIDENT01", [incident]],
  "v3.incident.status_update_published": ["Q1INCIDENT01", [incident]],
  "v3.incident.triggered": ["Q1INCIDENT01", direct],
  "v3.incident.unacknowledged": ["Q1INCIDENT01", direct],
  "v3.pagey.ping": [undefined, []],
  "v3.service.updated": ["PSVC001", []],
  "v3.signature.only-previous": ["Q1INCIDENT01", direct, resolved],
  "v3.signature.rotation-two": ["Q1INCIDENT01", direct, resolved],
  "v3.signature.tampered": ["Q1INCIDENT01", direct, resolved],
};

describe("each fixture alone, with nothing remembered", () => {
  it("has a row in the table", () => {
    expect(Object.keys(table)).toEqual(capturedRequests("pagerduty").map(({ name }) => name));
  });

  it.each(Object.entries(table))("%s", (name, [subject, keys, typed]) => {
    const mapping = new Feed().capture(name);
    const body = new TextDecoder().decode(captured("pagerduty", name).request.body);
    const type = /"event_type":"([^"]+)"/.exec(body)?.[1];
    const { eventType, correlationKeys, feedback, explanation } = mapping;
    expect([eventType, mapping.subject, correlationKeys, feedback?.typedEventType]).toEqual([
      `external.pagerduty.${type}`,
      subject,
      keys,
      typed,
    ]);
    expect(explanation.map(({ key }) => key)).toEqual(keys);
    expect(mapping.occurredAtMs).toBeGreaterThan(Date.UTC(2026, 10, 20));
  });
});

describe("a resolution", () => {
  it("two days later is feedback with the time it took", () => {
    const mapping = new Feed().capture("v3.incident.resolved");
    expect(mapping.feedback).toEqual({
      typedEventType: resolved,
      feedbackType: "user",
      metrics: { resolution_time_minutes: 3291.42 },
      context: {
        system: "pagerduty",
        event: "incident.resolved",
        incident_id: "Q1INCIDENT01",
        title: "Model drift on fraud-detector",
        service: "fraud-detector",
        agent: "Ines Okafor",
        resolution_type: "resolved",
      },
      suggestions: [],
      typedData: { resolution_type: "resolved", resolution_time_minutes: 3291.42 },
      retracted: false,
      revisesDeliveryId: undefined,
    });
  });

  it("uses the verdict that a custom field gave before", () => {
    const feed = new Feed();
    feed.capture("v3.incident.triggered");
    feed.capture("v3.incident.custom_field_values.updated");
    const mapping = feed.capture("v3.incident.resolved");
    expect(mapping.correlationKeys).toEqual([...explicit, ...direct]);
    expect(mapping.explanation[0]?.because).toBe(
      "custom field opendxa_correlation_id of Q1INCIDENT01, remembered since incident.triggered delivery wh-00000001",
    );
    expect(mapping.feedback).toMatchObject({
      feedbackType: "quality",
      typedData: { resolution_type: "false_positive", was_useful: false },
      metrics: { outcome_score: 0 },
    });
  });

  const data = { type: "incident", id: "Q2" };
  const field = (value: unknown) => [{ name: "verdict", value }];
  it.each([
    [{ resolve_reason: "False Positive" }, "false_positive", false],
    [{ resolve_reason: { type: "false_positive_resolve_reason" } }, "false_positive", false],
    [{ resolve_reason: { type: "custom", name: "confirmed" } }, "confirmed_drift", true],
    [{ custom_fields: field(["x", "true-positive"]) }, "confirmed_drift", true],
    [{ custom_fields: field("approved") }, "auto_resolved", undefined],
    [{ custom_fields: [{ name: "verdict" }, 7] }, "auto_resolved", undefined],
    [{}, "auto_resolved", undefined],
  ])("with %j is %s", (more, type, wasUseful) => {
    const { feedback } = new Feed().event("incident.resolved", { data: { ...data, ...more } });
    expect(feedback?.typedData["resolution_type"]).toBe(type);
    expect(feedback?.typedData["was_useful"]).toBe(wasUseful);
  });

  it("before its opening has no duration", () => {
    const sent = { data: { ...data, created_at: "2026-01-02T00:00:00Z" } };
    const feed = new Feed();
    const early = feed.event("incident.resolved", { ...sent, occurred_at: "2026-01-01T00:00:00Z" });
    expect(early.feedback?.metrics).toEqual({});
    const bad = feed.event("incident.resolved", { ...sent, occurred_at: "2026-99-01T00:00:00Z" });
    expect(bad.occurredAtMs).toBeUndefined();
  });

  it("by a merge is noted and is no outcome", () => {
    const mapping = new Feed().capture("v3.incident.resolved.merged");
    expect(mapping.notes).toEqual([
      "resolved by a merge into another incident, which is not an outcome",
    ]);
  });

  it("is taken back by a reopening, and revised by the next resolution", () => {
    const feed = new Feed();
    expect(feed.capture("v3.incident.resolved").memory).toHaveLength(1);
    expect(feed.capture("v3.incident.reopened").feedback).toMatchObject({
      typedData: { resolution_type: "reopened" },
      retracted: true,
      revisesDeliveryId: "wh-00000009",
    });
    expect(feed.capture("v3.incident.reopened").feedback).toBeUndefined();
    feed.capture("v3.incident.resolved");
    const again = feed.capture("v3.signature.rotation-two");
    expect(again.feedback?.revisesDeliveryId).toBe("wh-00000009");
  });
});

describe("a note", () => {
  it("is a person's comment, its text passed on and never searched", () => {
    const feed = new Feed();
    feed.capture("v3.incident.triggered");
    const mapping = feed.capture("v3.incident.annotated");
    expect(mapping.correlationKeys).toEqual(direct);
    const comments = "Faux positif confirmé – réentraîner ✓ opendxa:exec-7f3a";
    expect(mapping.feedback).toMatchObject({
      feedbackType: "user",
      comments,
      typedData: { feedback_type: "user", comments },
      context: { comments_cut: false, title: "Model drift on fraud-detector" },
    });
    expect(mapping.memory).toEqual([]);
  });

  it("is cut at its bound, never inside a pair, and says so; an empty one says nothing", () => {
    const note = (content: string, more = {}) =>
      new Feed().event("incident.annotated", { data: { incident: { id: "Q" }, content, ...more } });
    const long = note(`${"x".repeat(commentCharsMax - 1)}😀`).feedback;
    expect(long?.comments).toBe("x".repeat(commentCharsMax - 1));
    expect(long?.context["comments_cut"]).toBe(true);
    expect(note("short", { trimmed: true }).feedback?.context["comments_cut"]).toBe(true);
    expect(note("").feedback).toBeUndefined();
  });
});

describe("a custom field", () => {
  const sent = (value: unknown, changed = [{ name: "verdict" }]) => ({
    data: {
      incident: { id: "Q" },
      custom_fields: [
        { name: "verdict", value },
        { name: "opendxa_execution_id", value: "e1" },
      ],
      changed_custom_fields: changed,
    },
  });
  const update = "incident.custom_field_values.updated";

  it("with a verdict is a human validation; changed, it revises; cleared, it retracts", () => {
    const feed = new Feed();
    const first = feed.event(update, sent("confirmed"), "d1");
    expect(first.correlationKeys).toEqual(["opendxa:execution:e1", "pagerduty:incident:Q"]);
    expect(first.feedback).toMatchObject({
      feedbackType: "success",
      typedData: { validation_type: "drift_accuracy", was_real_drift: true },
    });
    const second = feed.event(update, sent("noise"), "d2");
    expect(second.feedback).toMatchObject({
      typedData: { was_real_drift: false },
      metrics: { outcome_score: 0 },
      revisesDeliveryId: "d1",
    });
    expect(feed.event(update, sent("noise", []), "d3").feedback).toBeUndefined();
    const cleared = feed.event(update, sent(null), "d4");
    expect(cleared.feedback).toMatchObject({
      retracted: true,
      metrics: {},
      revisesDeliveryId: "d2",
    });
    expect(feed.event(update, sent(null), "d5").feedback).toBeUndefined();
  });
});

it("maps events of tomorrow without feedback", () => {
  const mapping = new Feed().event("incident.future", { data: {} });
  expect([mapping.eventType, mapping.correlationKeys, mapping.feedback]).toEqual([
    "external.pagerduty.incident.future",
    [],
    undefined,
  ]);
});
