import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The bundle's folder: only its files have maps that are known to be true. */
const FOLDER = dirname(fileURLToPath(import.meta.url));

/**
 * Lets the stacks of errors name files and lines of the sources instead of the bundle's.
 *
 * A map is read with the first stack that somebody looks at: Node's own `--enable-source-maps` reads
 * it at the start, which hardly any start needs.
 */
export function nameSourcesInStacks(): void {
  const maps = new Map<string, SourceMap | undefined>();
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) => `\n    at ${describe(frame, maps)}`);
    return `${headOf(error)}${lines.join("")}`;
  };
}

function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    // A stack must be readable whatever an error's own getters do.
    return "Error";
  }
}

function describe(frame: NodeJS.CallSite, maps: Map<string, SourceMap | undefined>): string {
  const text = String(frame);
  const file = frame.getFileName();
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  if (!file?.startsWith(FOLDER) || line === null || column === null) return text;
  if (!maps.has(file)) maps.set(file, readMap(file));
  // A map counts from 0, a stack from 1.
  const origin = maps.get(file)?.findEntry(line - 1, column - 1);
  if (origin === undefined || !("originalSource" in origin)) return text;
  const { originalSource, originalLine, originalColumn } = origin;
  const place = `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
  return text.replace(`${file}:${line}:${column}`, () => place);
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")) as SourceMapPayload);
  } catch {
    // Without its map the bundle's own lines are the best that can be told.
    return undefined;
  }
}
