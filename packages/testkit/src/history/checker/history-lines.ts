import { createReadStream } from "node:fs";
import { LINE_LENGTH_MAX } from "./limits.js";

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
    for (const text of parts) {
      line += 1;
      checkLength(text, path, line);
      yield { text, line, isWhole: true };
    }
    checkLength(rest, path, line + 1);
  }
  if (rest !== "") yield { text: rest, line: line + 1, isWhole: false };
}

function checkLength({ length }: string, path: string, line: number): void {
  if (length > LINE_LENGTH_MAX) {
    throw new Error(`${path}:${line}: longer than ${LINE_LENGTH_MAX} characters`);
  }
}
