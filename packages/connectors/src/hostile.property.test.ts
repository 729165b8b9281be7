import fc from "fast-check";
import { expect, it } from "vitest";
import { capturedRequests } from "./captured.js";
import type { Connector } from "./connector.js";
import { ConnectorError } from "./connector-error.js";
import { keyBytesMax } from "./limits.js";
import type { ConnectorMemory } from "./memory.js";
import { connectors } from "./registry.js";
import { settingsOf } from "./settings.js";

const bodies = Object.values(connectors).flatMap((connector) =>
  capturedRequests(connector.system).map(({ request }) => ({ connector, body: request.body })),
);

/** Parses and maps, checking everything that must hold for any body; true where it could be mapped. */
function isMapped(
  connector: Connector,
  body: Uint8Array,
  memory: Map<string, ConnectorMemory>,
): boolean {
  try {
    const parsed = connector.parse(body);
    const mapping = connector.map(parsed, memory, { deliveryId: "d" });
    expect(mapping.explanation.map(({ key }) => key)).toEqual(mapping.correlationKeys);
    for (const key of mapping.correlationKeys) {
      expect(key).toMatch(/^[a-z]+:[a-z]+:\P{Cc}+$/u);
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(keyBytesMax);
    }
    expect(JSON.parse(JSON.stringify(mapping.feedback ?? null))).not.toBeUndefined();
    for (const { key, value } of mapping.memory) {
      expect(JSON.stringify(value ?? null).length).toBeLessThan(30_000);
      if (value !== undefined) memory.set(key, value);
    }
    return true;
  } catch (error) {
    if (error instanceof ConnectorError) return false;
    throw error;
  }
}

it("any bytes at all give a typed verdict and a typed result", () => {
  const headers = fc.dictionary(
    fc.constantFrom(
      "x-mlflow-signature",
      "x-mlflow-timestamp",
      "x-mlflow-delivery-id",
      "x-pagerduty-signature",
      "x-webhook-id",
      "__proto__",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 300 }), (given, body) => {
      for (const connector of Object.values(connectors)) {
        const request = { headers: given, body };
        expect(connector.verify(request, settingsOf("s"), 0).ok).toBe(false);
        isMapped(connector, body, new Map());
      }
    }),
    { numRuns: 300 },
  );
});

const names = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "name", "version", "key", "value", "alias", "tags"),
  fc.constantFrom("id", "incident", "custom_fields", "content", "resolve_reason", "run_id", "type"),
  fc.string({ unit: "binary" }),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      "approved",
      "champion",
      "incident",
      "verdict",
      "opendxa.execution_id",
      "\ud800",
    ),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(names, tie("tree"), { maxKeys: 8 }),
  ),
}));
const events = fc.constantFrom(
  "model_version.created",
  "model_version_tag.set",
  "model_version_tag.deleted",
  "model_version_alias.created",
  "model_version_alias.deleted",
  "prompt_version_tag.set",
  "incident.resolved",
  "incident.reopened",
  "incident.annotated",
  "incident.custom_field_values.updated",
);

it("any data under any event maps, sequences with their memory included", () => {
  const memory = new Map<string, ConnectorMemory>();
  const data = fc.dictionary(names, tree, { maxKeys: 10 });
  fc.assert(
    fc.property(events, data, (event, given) => {
      const [entity, ...action] = event.split(".");
      const mlflow = JSON.stringify({ entity, action: action.join("."), data: given });
      const pagerduty = JSON.stringify({ event: { id: "1", event_type: event, data: given } });
      const encoder = new TextEncoder();
      expect(isMapped(connectors.mlflow, encoder.encode(mlflow), memory)).toBe(true);
      expect(isMapped(connectors.pagerduty, encoder.encode(pagerduty), memory)).toBe(true);
      memory.clear();
    }),
    { numRuns: 1000 },
  );
});

it("fixtures with bytes changed, cut, doubled and spliced give typed results only", () => {
  const splice = fc.constantFrom(
    '"__proto__":{},',
    "1e999",
    "[".repeat(40),
    "\\ud800",
    "\\u0000",
    "null",
    '"',
    "-0",
    "9".repeat(400),
  );
  const memory = new Map<string, ConnectorMemory>();
  const counts = { mapped: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...bodies),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.nat(255), splice, fc.nat(3)), {
        minLength: 1,
        maxLength: 4,
      }),
      ({ connector, body }, edits) => {
        let bytes: Uint8Array = body;
        for (const [where, byte, text, kind] of edits) {
          const at = Math.floor((where / 10_000) * bytes.length);
          const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
          const middle = [Uint8Array.of(byte), Buffer.from(text), tail, new Uint8Array()][kind];
          const rest = kind === 0 ? tail.subarray(1) : kind === 3 ? tail.subarray(8) : tail;
          bytes = Buffer.concat([head, middle ?? tail, rest]);
        }
        counts[isMapped(connector, bytes, memory) ? "mapped" : "refused"] += 1;
      },
    ),
    { numRuns: 3000 },
  );
  expect(counts.mapped).toBeGreaterThan(50);
  expect(counts.refused).toBeGreaterThan(50);
});
