import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { BundleMap, type SourceMapText } from "./bundle-map.js";

/** The bundle's folder: only its files have maps that are known to be true. */
const FOLDER = dirname(fileURLToPath(import.meta.url));

/**
 * Lets the stacks of errors name files and lines of the sources instead of the bundle's.
 *
 * A map is read with the first stack that somebody looks at: Node's own `--enable-source-maps` reads
 * it at the start, which hardly any start needs.
 */
export function nameSourcesInStacks(): void {
  const maps = new Map<string, BundleMap | undefined>();
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

function describe(frame: NodeJS.CallSite, maps: Map<string, BundleMap | undefined>): string {
  const text = String(frame);
  const file = frame.getFileName();
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  if (!file?.startsWith(FOLDER) || line === null || column === null) return text;
  if (!maps.has(file)) maps.set(file, readMap(file));
  const place = maps.get(file)?.placeOf(line, column);
  if (place === undefined) return text;
  const named = `${place.source}:${place.line}:${place.column}`;
  return text.replace(`${file}:${line}:${column}`, () => named);
}

function readMap(file: string): BundleMap | undefined {
  try {
    return new BundleMap(JSON.parse(readFileSync(`${file}.map`, "utf8")) as SourceMapText);
  } catch {
    // Without its map the bundle's own lines are the best that can be told.
    return undefined;
  }
}
