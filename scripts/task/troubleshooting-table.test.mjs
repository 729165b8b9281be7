import { expect, test } from "vitest";
import { metReasonsOf, troubleshootingRows, unknownReasons } from "./troubleshooting-table.mjs";

const PACKAGE = "opendxa.pubsub.v1";
const STATED = { status: "STATUS_CODE_NOT_FOUND", advice: "Look again.", retryable: true };

/** A contract with one reason beside the unspecified one. */
function imageOf({ comment = " It is | lost.\n Metadata: `id`.\n", stated = STATED } = {}) {
  const reason = { name: "ERROR_REASON_LOST", number: 1, options: {} };
  reason.options[`[${PACKAGE}.error_reason]`] = stated;
  const statuses = [{ name: "STATUS_CODE_NOT_FOUND", number: 5 }];
  return {
    file: [
      {
        package: PACKAGE,
        enumType: [
          { name: "StatusCode", value: statuses },
          { name: "ErrorReason", value: [{ name: "ERROR_REASON_UNSPECIFIED" }, reason] },
        ],
        sourceCodeInfo: { location: [{ path: [5, 1, 2, 1], leadingComments: comment }] },
      },
    ],
  };
}

test("a reason's row says what the contract says", () => {
  const [, , ...rows] = troubleshootingRows(metReasonsOf(imageOf())).split("\n");
  expect(rows).toEqual(["| LOST | NOT_FOUND | yes | It is \\| lost. | `id` | Look again. |"]);
});

test("a row changes with the status, the advice and the comment", () => {
  const rowOf = (image) => troubleshootingRows(metReasonsOf(image)).split("\n").at(-1);
  const changes = [
    imageOf({ stated: { ...STATED, advice: "Wait." } }),
    imageOf({ stated: { ...STATED, retryable: false } }),
    imageOf({ comment: " It is gone.\n" }),
  ];
  expect(new Set([imageOf(), ...changes].map(rowOf)).size).toBe(4);
  expect(rowOf(changes[2])).toContain("| It is gone. | none |");
});

test("a reason without a comment or a status is refused by its name", () => {
  expect(() => metReasonsOf(imageOf({ comment: undefined, stated: {} }))).toThrow(/LOST/);
  expect(() => metReasonsOf(imageOf({ comment: "" }))).toThrow("LOST has no comment");
});

test("a reason that other tables name must be one of the contract", () => {
  const reasons = metReasonsOf(imageOf());
  expect(unknownReasons("| 401 LOST | x |\n| 404 | y |\n", reasons)).toEqual([]);
  expect(unknownReasons("| 401 FOUND_AGAIN | x |\n", reasons)).toEqual(["FOUND_AGAIN"]);
});
