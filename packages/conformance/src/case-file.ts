import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

const step = z.strictObject({
  do: z.string(),
  client: z.string().default("main"),
  with: z.record(z.string(), z.unknown()).default({}),
  save: z.string().optional(),
  expect: z.unknown().optional(),
  error: z.record(z.string(), z.unknown()).optional(),
});

const caseFile = z.strictObject({
  title: z.string(),
  covers: z.array(z.string().regex(/^S-[A-Z]\d*$/)).min(1),
  steps: z.array(step).min(1),
});

/** One request to a driver, and what its answer must look like. */
export interface Step {
  /** Operation of the driver, or of the stage. */
  readonly do: string;
  /** Which of the case's clients does it. */
  readonly client: string;
  /** Arguments. */
  readonly with: Readonly<Record<string, unknown>>;
  /** Name under which the answer is kept for later steps. */
  readonly save?: string | undefined;
  /** Pattern of the answer. */
  readonly expect?: unknown;
  /** Pattern of the error; without it none may come. */
  readonly error?: Readonly<Record<string, unknown>> | undefined;
}

/** One behaviour of the contract. */
export interface Case {
  /** Name of its file without the ending. */
  readonly name: string;
  /** The behaviour in words. */
  readonly title: string;
  /** Sentences of the semantics that it checks. */
  readonly covers: readonly string[];
  /** What is done, in order. */
  readonly steps: readonly Step[];
}

/** Where the cases lie. */
export const CASES_FOLDER = fileURLToPath(new URL("../cases", import.meta.url));

/** All cases by name. @throws Error of the schema naming what is wrong in a file */
export function loadCases(folder = CASES_FOLDER): Case[] {
  const names = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  return names.sort().map((file) => {
    const read = caseFile.safeParse(parse(readFileSync(join(folder, file), "utf8")));
    if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
    return { ...read.data, name: file.slice(0, -".yaml".length) };
  });
}
