/** How many tests passed, failed and were left out, with the reasons of the latter. */
export function counts({ passed = 0, failed = 0, skipped = [] } = {}) {
  return { passed, failed, skipped };
}

/** The sum of several counts. */
export function sumCounts(list) {
  return list.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: [...sum.skipped, ...one.skipped],
    }),
    counts(),
  );
}

/** The one line that every test run ends in. */
export function sumLine({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed`;
  return skipped.length === 0 ? line : `${line}, ${skipped.length} skipped`;
}

/** Reads the JSON that vitest wrote. A suite that did not even load counts as one failure. */
export function vitestCounts(json) {
  const { numPassedTests, numFailedTests, numPendingTests = 0, testResults } = JSON.parse(json);
  const unloaded = testResults.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  return counts({
    passed: numPassedTests,
    failed: numFailedTests + unloaded,
    skipped: Array.from({ length: numPendingTests }, () => "a skipped vitest test"),
  });
}

/** Reads the JUnit file that pytest wrote. */
export function junitCounts(xml) {
  const number = (name) =>
    [...xml.matchAll(/<testsuite\b[^>]*>/g)].reduce(
      (sum, [tag]) => sum + Number(new RegExp(`\\b${name}="(\\d+)"`).exec(tag)?.[1] ?? 0),
      0,
    );
  const skipped = [...xml.matchAll(/<skipped\b[^>]*message="([^"]*)"/g)].map(
    ([, reason]) => reason,
  );
  const failed = number("failures") + number("errors");
  return counts({ passed: number("tests") - failed - skipped.length, failed, skipped });
}

/** Reads a sum line from the end of a program's output, with the `skipped: reason` lines before it. */
export function lineCounts(output) {
  const lines = output.trimEnd().split("\n");
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(lines.at(-1)?.trim() ?? "");
  if (match === null) return undefined;
  const reasons = lines.flatMap((line) => /^\s*skipped: (.+)$/.exec(line)?.[1] ?? []);
  const skipped = Array.from(
    { length: Number(match[3] ?? 0) },
    (_, i) => reasons[i] ?? "no reason given",
  );
  return counts({ passed: Number(match[1]), failed: Number(match[2]), skipped });
}

/** Counts of a run whose exit code disagrees with what it reported: a failure is never lost. */
export function withExitCode(reported, code) {
  if (code === 0 || (reported !== undefined && reported.failed > 0))
    return reported ?? counts({ passed: 1 });
  return { ...(reported ?? counts()), failed: (reported?.failed ?? 0) + 1 };
}
