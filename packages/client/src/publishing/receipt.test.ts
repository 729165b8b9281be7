import {
  type BatchResult,
  bitmapOf,
  ErrorReason,
  BatchResult as Result,
} from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { eventOutcomes } from "./receipt.js";

function resultOf(fields: Partial<BatchResult>): BatchResult {
  return Result.create({ baseOffset: 10n, ...fields });
}

it("gives each event its offset, its original's, or its own error", () => {
  const outcomeOf = eventOutcomes(
    resultOf({
      refused: bitmapOf(4, [1]),
      duplicates: bitmapOf(4, [2]),
      duplicateOffsets: [3n],
      refusals: [{ index: 1, reason: ErrorReason.EVENT_INVALID, field: "type", rule: "required" }],
    }),
  );
  expect([0, 1, 2, 3].map(outcomeOf)).toMatchObject([
    { offset: 10n, duplicate: false },
    { error: { reason: "EVENT_INVALID", metadata: { field: "type", rule: "required" } } },
    { offset: 3n, duplicate: true },
    { offset: 13n, duplicate: false },
  ]);
});

it("takes a repeated producer sequence for the original's place", () => {
  const outcomeOf = eventOutcomes(resultOf({ duplicates: bitmapOf(2, [0, 1]) }));
  expect([0, 1].map(outcomeOf)).toEqual([
    { offset: 10n, duplicate: true },
    { offset: 11n, duplicate: true },
  ]);
});

it("gives a refused batch's reason to every event, and unknown reasons a name", () => {
  const refusal = { reason: 999 as ErrorReason, message: "later", metadata: { a: "b" } };
  expect(eventOutcomes(resultOf({ refusal }))(1)).toMatchObject({
    error: { reason: "UNSPECIFIED", metadata: { a: "b" } },
  });
  const cut = eventOutcomes(resultOf({ refused: bitmapOf(200, [150]) }))(150);
  expect(cut).toMatchObject({ error: { reason: "EVENT_INVALID", metadata: { index: "150" } } });
});
