import { describe, expect, test } from "vitest";
import {
  junitCounts,
  lineCounts,
  sumCounts,
  sumLine,
  vitestCounts,
  withExitCode,
} from "./counts.mjs";

describe("the sum line", () => {
  test("leaves skipped out when there are none", () => {
    expect(sumLine({ passed: 3, failed: 0, skipped: [] })).toBe("3 passed, 0 failed");
    expect(sumLine({ passed: 3, failed: 1, skipped: ["no Go"] })).toBe(
      "3 passed, 1 failed, 1 skipped",
    );
  });

  test("adds up", () => {
    const sum = sumCounts([
      { passed: 1, failed: 2, skipped: ["a"] },
      { passed: 10, failed: 20, skipped: ["b"] },
    ]);
    expect(sum).toEqual({ passed: 11, failed: 22, skipped: ["a", "b"] });
  });
});

describe("counts of a program's output", () => {
  test("are read from its last line, with the reasons above it", () => {
    const output = "work\nskipped: no Go\n  skipped: no Dana\n4 passed, 0 failed, 2 skipped\n";
    expect(lineCounts(output)).toEqual({ passed: 4, failed: 0, skipped: ["no Go", "no Dana"] });
  });

  test("are unknown when the last line is another one", () => {
    expect(lineCounts("4 passed, 0 failed\nthen it crashed\n")).toBeUndefined();
  });
});

describe("counts of reports", () => {
  test("a vitest suite that did not load is a failure", () => {
    const json = JSON.stringify({
      numPassedTests: 5,
      numFailedTests: 1,
      numPendingTests: 0,
      testResults: [
        { status: "failed", assertionResults: [] },
        { status: "failed", assertionResults: [{ status: "failed" }] },
        { status: "passed", assertionResults: [{ status: "passed" }] },
      ],
    });
    expect(vitestCounts(json)).toEqual({ passed: 5, failed: 2, skipped: [] });
  });

  test("pytest's errors are failures and its skips have reasons", () => {
    const xml =
      '<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="1" tests="9">' +
      '<testcase><skipped type="pytest.skip" message="no broker">x</skipped></testcase></testsuite></testsuites>';
    expect(junitCounts(xml)).toEqual({ passed: 5, failed: 3, skipped: ["no broker"] });
  });
});

describe("an exit code", () => {
  test("that disagrees with the report is a failure", () => {
    const reported = { passed: 5, failed: 0, skipped: [] };
    expect(withExitCode(reported, 1)).toEqual({ passed: 5, failed: 1, skipped: [] });
    expect(withExitCode(undefined, 1).failed).toBe(1);
  });

  test("that agrees changes nothing", () => {
    expect(withExitCode({ passed: 5, failed: 2, skipped: [] }, 1).failed).toBe(2);
    expect(withExitCode({ passed: 5, failed: 0, skipped: [] }, 0).failed).toBe(0);
  });
});
