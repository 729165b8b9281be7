import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseRecord } from "./checker/record.js";
import { HistoryWriter } from "./history-writer.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "history-writer-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it("has a record in its file before `write` returns, numbered and as the checker reads it", () => {
  const path = join(folder, "a.jsonl");
  const writer = new HistoryWriter(path, { role: "operator", name: "a" });
  writer.write({ k: "kill", what: "broker" });
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const records = lines.map((line) => parseRecord(line));
  expect(records).toMatchObject([
    { record: { k: "process", n: 1, role: "operator", name: "a", version: 1 } },
    { record: { k: "kill", n: 2, what: "broker" } },
  ]);
  expect(() => new HistoryWriter(path, { role: "operator", name: "a" })).toThrow("EEXIST");
  writer.close();
});
