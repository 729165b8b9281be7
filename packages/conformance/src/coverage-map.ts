import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

const PARTS = 9;

const entry = z.union([
  z.literal("R2"),
  z.strictObject({
    cases: z.array(z.string()),
    beside: z.array(z.string()).default([]),
    part: z.int().min(1).max(PARTS).optional(),
  }),
]);

const map = z.record(z.string(), entry);

/** What checks each sentence: cases and the part that brings the rest, or R2. */
export type CoverageMap = z.infer<typeof map>;

/** Reads the package's map. @throws Error of the schema */
export function loadCoverageMap(): CoverageMap {
  const file = fileURLToPath(new URL("../coverage.yaml", import.meta.url));
  return map.parse(parse(readFileSync(file, "utf8")));
}
