import { expect, test } from "vitest";
import { errorReasonsOf, permissionsOf } from "./tables.mjs";

function imageOf(options, reason) {
  const PACKAGE = "opendxa.pubsub.v1";
  return {
    file: [
      {
        package: PACKAGE,
        enumType: [
          { name: "StatusCode", value: [{ name: "STATUS_CODE_NOT_FOUND", number: 5 }] },
          {
            name: "ErrorReason",
            value: [
              { name: "ERROR_REASON_UNSPECIFIED" },
              {
                name: "ERROR_REASON_LOST",
                number: 1,
                options: reason && { [`[${PACKAGE}.error_reason]`]: reason },
              },
            ],
          },
        ],
        service: [
          {
            name: "S",
            method: [
              { name: "M", options: options && { [`[${PACKAGE}.required_permission]`]: options } },
            ],
          },
        ],
      },
    ],
  };
}

test("an RPC without a permission fails the generation", () => {
  const name = "/opendxa.pubsub.v1.S/M";
  expect(() => permissionsOf(imageOf(undefined))).toThrow(/S\/M states no required_permission/);
  expect(() => permissionsOf(imageOf("PERMISSION_UNSPECIFIED"))).toThrow(/S\/M states no/);
  expect(permissionsOf(imageOf("PERMISSION_READ"))).toEqual([{ name, permission: "READ" }]);
});

test("a reason without status or advice fails the generation", () => {
  expect(() => errorReasonsOf(imageOf("PERMISSION_READ"))).toThrow(
    /LOST states no status or no advice/,
  );
  const stated = { status: "STATUS_CODE_NOT_FOUND", advice: "Look again." };
  expect(() => errorReasonsOf(imageOf("PERMISSION_READ", { ...stated, advice: "" }))).toThrow(
    /LOST/,
  );
  const [, lost] = errorReasonsOf(imageOf("PERMISSION_READ", stated));
  expect(lost).toEqual({
    name: "LOST",
    number: 1,
    code: 5,
    retryable: false,
    advice: "Look again.",
  });
});
