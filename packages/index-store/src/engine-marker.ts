import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The name of the file that says which engine wrote an index folder. */
export const ENGINE_MARKER = "engine.json";
const MARKER_DRAFT = `${ENGINE_MARKER}.new`;
const MARKER_FORMAT = 1;

/** An engine that keeps its data in a folder. */
export type DiskEngine = "rocksdb" | "leveldb";

/** What an index folder says of itself. */
export type FolderState =
  | { readonly kind: "fresh" }
  | { readonly kind: "written"; readonly engine: DiskEngine; readonly isFallback: boolean }
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads an index folder's marker. A folder without one is fresh only where it is empty. */
export async function readEngineMarker(folder: string): Promise<FolderState> {
  const names = await namesIn(folder);
  if (!names.includes(ENGINE_MARKER)) {
    const foreign = names.filter((name) => name !== MARKER_DRAFT);
    if (foreign.length === 0) return { kind: "fresh" };
    return { kind: "unreadable", why: `it holds files but no ${ENGINE_MARKER}` };
  }
  return parseMarker(await readFile(join(folder, ENGINE_MARKER), "utf8"));
}

/** Records the engine durably: the file, its name and the folder's own name are synced. */
export async function writeEngineMarker(
  folder: string,
  marker: { readonly engine: DiskEngine; readonly isFallback: boolean },
): Promise<void> {
  const created = await mkdir(folder, { recursive: true });
  const draft = await open(join(folder, MARKER_DRAFT), "w");
  try {
    await draft.writeFile(`${JSON.stringify({ format: MARKER_FORMAT, ...marker })}\n`);
    await draft.sync();
  } finally {
    await draft.close();
  }
  await rename(join(folder, MARKER_DRAFT), join(folder, ENGINE_MARKER));
  await syncFolder(folder);
  // Every folder that was just made is a name in its parent, up to the first that existed.
  const last = created === undefined ? folder : dirname(created);
  for (let path = folder; path !== last; path = dirname(path)) await syncFolder(dirname(path));
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows has no such operation on folders.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function parseMarker(text: string): FolderState {
  const marker = parseJson(text);
  if (typeof marker !== "object" || marker === null) {
    return { kind: "unreadable", why: `its ${ENGINE_MARKER} is not JSON` };
  }
  const { format, engine, isFallback } = marker as Record<string, unknown>;
  if (format !== MARKER_FORMAT || (engine !== "rocksdb" && engine !== "leveldb")) {
    return { kind: "unreadable", why: `its ${ENGINE_MARKER} is of another version` };
  }
  return { kind: "written", engine, isFallback: isFallback === true };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A torn or foreign file; the caller refuses it by name.
    return undefined;
  }
}
