import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHistory, type HistoryVerdict } from "./check-history.js";
import type { LooseHistory } from "./loose-history.test-support.js";

/** Writes a history, numbered on where a record has no number of its own, and judges it. */
export async function judged(
  history: LooseHistory,
  options: { readonly bucketBytes?: number } = {},
): Promise<HistoryVerdict> {
  const texts = new Map<string, string>();
  for (const [name, records] of history) {
    const lines = records.map((record, index) => JSON.stringify({ n: index + 1, ...record }));
    texts.set(name, lines.map((line) => `${line}\n`).join(""));
  }
  return await judgedTexts(texts, options);
}

/** Writes files as they are, and judges them. */
export async function judgedTexts(
  texts: ReadonlyMap<string, string>,
  options: { readonly bucketBytes?: number } = {},
): Promise<HistoryVerdict> {
  const folder = mkdtempSync(join(tmpdir(), "history-test-"));
  try {
    for (const [name, text] of texts) writeFileSync(join(folder, name), text);
    const paths = [...texts.keys()].map((name) => join(folder, name));
    return await checkHistory(paths, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A sequence of numbers in [0, 1) that a seed repeats (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
