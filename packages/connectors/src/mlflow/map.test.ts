import { describe, expect, it } from "vitest";
import { captured, capturedRequests } from "../captured.js";
import type { Mapping, ParsedWebhook } from "../connector.js";
import { keyBytesMax, memoryTagsMax } from "../limits.js";
import type { ConnectorMemory, MlflowVersionMemory } from "../memory.js";
import { mlflowConnector } from "./mlflow-connector.js";

const runId = "000e288eb6e9485c9e626c2af812d63e";
const creationId = "8d5577dd-045f-4b06-9e59-c0410829ce2e";

/** Feeds bodies to the connector as ingress would, keeping what it wants remembered. */
class Feed {
  readonly memory = new Map<string, ConnectorMemory>();

  capture(name: string): Mapping {
    const { request } = captured("mlflow", name);
    return this.#map(
      mlflowConnector.parse(request.body),
      request.headers["x-mlflow-delivery-id"] ?? "",
    );
  }

  event(name: string, data: object, more: { id?: string; workspace?: string } = {}): Mapping {
    const { id, ...rest } = more;
    const [, entity, action] = /^(.*)\.(.*)$/.exec(name) ?? [];
    const body = JSON.stringify({ entity, action, data, ...rest });
    return this.#map(mlflowConnector.parse(new TextEncoder().encode(body)), id);
  }

  #map(parsed: ParsedWebhook, deliveryId: string | undefined): Mapping {
    const known = mlflowConnector.memoryKeys(parsed).flatMap((key): [string, ConnectorMemory][] => {
      const value = this.memory.get(key);
      return value === undefined ? [] : [[key, value]];
    });
    const origin = deliveryId === undefined ? undefined : { deliveryId };
    const mapping = mlflowConnector.map(parsed, new Map(known), origin);
    for (const { key, value } of mapping.memory) {
      if (value === undefined) this.memory.delete(key);
      else this.memory.set(key, JSON.parse(JSON.stringify(value)) as ConnectorMemory);
    }
    return mapping;
  }
}

function brief(mapping: Mapping) {
  const { eventType, subject, correlationKeys, feedback } = mapping;
  const said = feedback && [feedback.feedbackType, feedback.typedData["validation_type"]];
  return [eventType, subject, correlationKeys, said];
}

const model = "mlflow:model:fraud-detector/1";
const prompt = "mlflow:prompt:triage-prompt/1";
const explicit = ["opendxa:correlation:exec-7f3a", "opendxa:execution:exec-7f3a"];
const table: Record<string, readonly [string, string[], (string | undefined)[]?]> = {
  "budget_policy.exceeded.test-endpoint": ["", []],
  "budget_policy.exceeded.test-endpoint.2": ["", []],
  "model_version.created": ["fraud-detector/1", [...explicit, `mlflow:run:${runId}`, model]],
  "model_version_alias.created": ["fraud-detector/1", [model], ["success", "promoted"]],
  "model_version_alias.deleted": ["fraud-detector", []],
  "model_version_tag.deleted": ["fraud-detector/1", [model]],
  "model_version_tag.set": ["fraud-detector/1", [model], ["success", "approved"]],
  "model_version_tag.set.2": ["fraud-detector/1", [model], ["quality", "false_positive"]],
  "model_version_tag.set.no-secret": ["fraud-detector/1", [model], ["quality", "false_positive"]],
  "model_version_tag.set.retry-attempt-1": [
    "fraud-detector/1",
    [model],
    ["quality", "false_positive"],
  ],
  "model_version_tag.set.retry-attempt-2": [
    "fraud-detector/1",
    [model],
    ["quality", "false_positive"],
  ],
  "model_version_tag.set.retry-attempt-3": [
    "fraud-detector/1",
    [model],
    ["quality", "false_positive"],
  ],
  "prompt.created": ["triage-prompt", []],
  "prompt_alias.created": ["triage-prompt/1", [prompt], ["success", "promoted"]],
  "prompt_alias.deleted": ["triage-prompt", []],
  "prompt_tag.deleted": ["triage-prompt", []],
  "prompt_tag.set": ["triage-prompt", []],
  "prompt_version.created": ["triage-prompt/1", [prompt]],
  "prompt_version_tag.deleted": ["triage-prompt/1", [prompt]],
  "prompt_version_tag.set": ["triage-prompt/1", [prompt]],
  "registered_model.created": ["fraud-detector", []],
};

describe("each capture alone, with nothing remembered", () => {
  it("has a row in the table", () => {
    expect(Object.keys(table)).toEqual(capturedRequests("mlflow").map(({ name }) => name));
  });

  it.each(Object.entries(table))("%s", (name, [subject, keys, said]) => {
    const mapping = new Feed().capture(name);
    const event = name.split(".").slice(0, 2).join(".");
    expect(brief(mapping)).toEqual([`external.mlflow.${event}`, subject || undefined, keys, said]);
    expect(mapping.explanation.map(({ key }) => key)).toEqual(keys);
    expect(new Date(mapping.occurredAtMs ?? 0).toISOString()).toMatch(/^2026-11-23T15:0[78]:/);
  });
});

describe("the memory of model and version", () => {
  const all = [...explicit, `mlflow:run:${runId}`, model];

  it("ties a tag to the run and correlation id of the version's creation", () => {
    const feed = new Feed();
    feed.capture("model_version.created");
    const mapping = feed.capture("model_version_tag.set");
    expect(mapping.correlationKeys).toEqual(all);
    expect(mapping.explanation[2]?.because).toBe(
      `run of fraud-detector/1, remembered from model_version.created delivery ${creationId}`,
    );
    expect(mapping.feedback).toEqual({
      typedEventType: "feedback.mlflow_validation",
      feedbackType: "success",
      metrics: { outcome_score: 1 },
      context: {
        system: "mlflow",
        event: "model_version_tag.set",
        model: "fraud-detector",
        version: "1",
        run_id: runId,
        tag: "validation_status",
        value: "approved",
      },
      suggestions: [],
      typedData: { validation_type: "approved" },
      retracted: false,
      revisesDeliveryId: undefined,
    });
  });

  it("ties an alias, and its deletion, which names no version", () => {
    const feed = new Feed();
    feed.capture("model_version.created");
    expect(feed.capture("model_version_alias.created").correlationKeys).toEqual(all);
    const deleted = feed.capture("model_version_alias.deleted");
    expect(deleted.correlationKeys).toEqual(all);
    expect(deleted.subject).toBe("fraud-detector/1");
    expect(deleted.explanation[3]?.because).toContain("alias champion pointed to it delivery 06e3");
    expect(deleted.feedback).toMatchObject({
      feedbackType: "quality",
      typedData: { validation_type: "demoted" },
      metrics: { outcome_score: 0 },
      retracted: false,
      revisesDeliveryId: "06e32748-9e2c-40d0-8910-520c9c47d03f",
    });
    const again = feed.capture("model_version_alias.deleted");
    expect([again.feedback, again.correlationKeys, again.notes.length]).toEqual([undefined, [], 1]);
  });

  it("takes a verdict back when its tag goes, and revises it when its value changes", () => {
    const feed = new Feed();
    feed.capture("model_version_tag.set");
    const tag = { name: "fraud-detector", version: "1", key: "validation_status" };
    const set = feed.event("model_version_tag.set", { ...tag, value: "Rejected" }, { id: "d2" });
    expect(set.feedback).toMatchObject({
      feedbackType: "quality",
      metrics: { outcome_score: 0 },
      retracted: false,
      revisesDeliveryId: "3ece2555-a290-429d-88ef-02e552db1cf5",
    });
    const removed = feed.capture("model_version_tag.deleted");
    expect(removed.feedback).toMatchObject({
      feedbackType: "quality",
      typedData: { validation_type: "rejected" },
      metrics: {},
      retracted: true,
      revisesDeliveryId: "d2",
    });
    expect(feed.capture("model_version_tag.deleted").feedback).toBeUndefined();
  });

  it("learns an execution id from a tag set later, and uses it until the tag goes", () => {
    const feed = new Feed();
    const version = { name: "m", version: 2 };
    const tag = { ...version, key: "opendxa.execution_id" };
    const set = feed.event("model_version_tag.set", { ...tag, value: "e9" }, { id: "d1" });
    expect(set.explanation[0]).toEqual({
      key: "opendxa:execution:e9",
      because: "tag opendxa.execution_id of m/2, named in this event",
    });
    feed.event("model_version.created", { ...version, run_id: "r" });
    const next = feed.event("model_version_tag.set", { ...version, key: "k", value: "v" });
    expect(next.correlationKeys).toEqual([
      "opendxa:execution:e9",
      "mlflow:run:r",
      "mlflow:model:m/2",
    ]);
    expect(feed.event("model_version_tag.deleted", tag).correlationKeys).toHaveLength(3);
    expect(feed.event("model_version_tag.deleted", tag).correlationKeys).toHaveLength(2);
  });

  it("forgets a version whose name was registered anew", () => {
    const feed = new Feed();
    feed.capture("model_version.created");
    const data = { name: "fraud-detector", version: "1", run_id: "new" };
    const anew = feed.event("model_version.created", data);
    expect(anew.correlationKeys).toEqual(["mlflow:run:new", model]);
  });

  it("keeps workspaces apart", () => {
    const feed = new Feed();
    feed.capture("model_version.created");
    const data = { name: "fraud-detector", version: "1", key: "outcome", value: "confirmed drift" };
    const other = feed.event("model_version_tag.set", data, { workspace: "team" });
    expect(other.correlationKeys).toEqual(["mlflow:model:team/fraud-detector/1"]);
    const same = feed.event("model_version_tag.set", data, { workspace: "default" });
    expect(same.correlationKeys).toEqual(all);
  });

  it("is bounded, and keeps our own tags and verdicts first", () => {
    const many = Array.from({ length: 200 }, (_, index) => [`a${index}`, "x".repeat(2000)]);
    const tags = { ...Object.fromEntries(many), outcome: "passed", "opendxa.execution_id": "e" };
    const feed = new Feed();
    const mapping = feed.event("model_version.created", { name: "m", version: "1", tags });
    const value = mapping.memory[0]?.value as MlflowVersionMemory;
    expect(Object.keys(value.tags)).toHaveLength(memoryTagsMax);
    expect(value.tags).toMatchObject({ outcome: "passed", "opendxa.execution_id": "e" });
    const long = { "opendxa.execution_id": "e".repeat(5000), n: 1 };
    const cut = new Feed().event("model_version.created", { name: "m", version: "1", tags: long });
    expect(cut.correlationKeys).toEqual(["mlflow:model:m/1"]);
  });
});

describe("outcomes", () => {
  const of = (event: string, data: object) =>
    new Feed().event(event, { name: "m", version: "1", ...data }).feedback;

  it("come from verdict tags only, with a whole value only", () => {
    expect(of("model_version_tag.set", { key: "outcome", value: "not a false_positive" })).toBe(
      undefined,
    );
    expect(of("model_version_tag.set", { key: "team", value: "approved" })).toBeUndefined();
    expect(of("model_version_tag.set", { key: "outcome", value: 1 })).toBeUndefined();
    expect(of("model_version_tag.set", { value: "approved" })).toBeUndefined();
    expect(of("model_version_tag.deleted", { key: "team" })).toBeUndefined();
  });

  it.each([
    ["Production", "promoted", 1],
    ["rejected", "rejected", 0],
    ["challenger", undefined, undefined],
  ])("alias %s: %s", (alias, type, score) => {
    const feedback = of("model_version_alias.created", { alias });
    expect(feedback?.typedData["validation_type"]).toBe(type);
    expect(feedback?.metrics["outcome_score"]).toBe(score);
  });

  it("of an alias that moved name the version before; other deleted aliases say what they said", () => {
    const feed = new Feed();
    for (const alias of ["prod", "rejected", "shadow"]) {
      feed.event("model_version_alias.created", { name: "m", version: "1", alias }, { id: alias });
    }
    const moved = feed.event("model_version_alias.created", {
      name: "m",
      version: 2,
      alias: "prod",
    });
    expect(moved.feedback?.context).toMatchObject({ version: "2", previous_version: "1" });
    const same = feed.event("model_version_alias.created", {
      name: "m",
      version: 2,
      alias: "prod",
    });
    expect(same.feedback?.context).not.toHaveProperty("previous_version");
    const rejected = feed.event("model_version_alias.deleted", { name: "m", alias: "rejected" });
    expect(rejected.feedback).toMatchObject({ retracted: true, revisesDeliveryId: "rejected" });
    const shadow = feed.event("model_version_alias.deleted", { name: "m", alias: "shadow" });
    expect(shadow.feedback).toBeUndefined();
    expect(feed.event("model_version_alias.created", { name: "m", version: 3 }).feedback).toBe(
      undefined,
    );
  });

  it("take confidence and experiment from tags", () => {
    const typed = (confidence: string) => {
      const feed = new Feed();
      const tags = { "opendxa.confidence": confidence, "opendxa.experiment_id": "7" };
      feed.event("model_version.created", { name: "m", version: "1", tags });
      const data = { name: "m", version: "1", key: "outcome", value: "noise" };
      return feed.event("model_version_tag.set", data).feedback?.typedData;
    };
    const base = { validation_type: "false_positive", experiment_id: "7" };
    expect(typed("0.9")).toEqual({ ...base, confidence: 0.9 });
    expect(typed("high")).toEqual(base);
  });
});

it("maps events of tomorrow and events without a name to no keys and no feedback", () => {
  const unknown = new Feed().event("run.finished", { name: "m", version: "1" });
  expect(brief(unknown)).toEqual(["external.mlflow.run.finished", undefined, [], undefined]);
  expect(new Feed().event("model_version_tag.set", {}).correlationKeys).toEqual([]);
});

it("leaves out a key over its bound and says so", () => {
  const name = "ü".repeat(keyBytesMax / 2 - 20);
  const version = "9".repeat(100);
  const mapping = new Feed().event("model_version.created", { name, version });
  expect(mapping.correlationKeys).toEqual([]);
  expect(mapping.memory).toEqual([]);
  expect(mapping.notes[0]).toContain(`over ${keyBytesMax} bytes`);
});
