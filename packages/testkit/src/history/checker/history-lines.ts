import { createReadStream } from "node:fs";
import { LINE_BYTES_MAX } from "./limits.js";

/** One line of a file. */
export interface HistoryLine {
  /** Its text without the end; cut where it is longer than a line may be. */
  readonly text: string;
  /** Its number, from 1. */
  readonly line: number;
  /** It ended with a newline: a process that was killed may leave one that did not. */
  readonly isWhole: boolean;
}

/** The lines of a file, without holding more of it than a line and a block. */
export async function* historyLines(path: string): AsyncGenerator<HistoryLine, void, undefined> {
  let rest = "";
  let line = 0;
  for await (const block of createReadStream(path, { encoding: "utf8" })) {
    const parts = (rest + (block as string)).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > LINE_BYTES_MAX)
      throw new Error(`${path}:${line + parts.length + 1}: longer than ${LINE_BYTES_MAX} bytes`);
    for (const text of parts) {
      line += 1;
      yield { text, line, isWhole: true };
    }
  }
  if (rest !== "") yield { text: rest, line: line + 1, isWhole: false };
}
