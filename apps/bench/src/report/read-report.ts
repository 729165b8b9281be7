import { readFile } from "node:fs/promises";
import { REPORT_VERSION, type Report } from "./report.js";

/**
 * Reads what `--json` wrote.
 *
 * @throws Error that names the file, where it is not such a report
 */
export async function readReport(path: string): Promise<Report> {
  const report = parse(await readFile(path, "utf8"));
  if (report?.version === REPORT_VERSION && Array.isArray(report.figures)) return report as Report;
  throw new Error(`${path} is not a report of this version of the bench`);
}

function parse(text: string): Partial<Report> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // What is not JSON is not a report; the caller names the file.
    return undefined;
  }
}
