import { constants } from "node:fs";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { JournalError } from "./journal-error.js";

const { O_CREAT, O_NONBLOCK, O_RDWR } = constants;

/** File in the folder that says for people who holds the lock; it locks nothing by itself. */
const OWNER_FILE = "lock.owner";
const LOCK_FILE = "lock.file";
/** BSD's and macOS's flag for `open`: take an exclusive lock that ends with the process. */
const O_EXLOCK = 0x20;

/**
 * Keeps a second process off a folder. The lock is the operating system's and ends with the process
 * however it ends, so it never goes stale after kill -9:
 * - Linux: an abstract Unix socket, named after the folder's device and inode;
 * - Windows: a named pipe of that name;
 * - macOS and BSD: `open` with `O_EXLOCK` on a file in the folder.
 *
 * On Linux the name is the network namespace's: two containers that share a folder but no network
 * do not see each other's lock.
 */
export class FolderLock {
  readonly #release: () => Promise<void>;

  private constructor(release: () => Promise<void>) {
    this.#release = release;
  }

  /** Takes the lock of an existing folder. Rejects with `locked`, its details naming the owner. */
  static async acquire(folder: string, platform: string = process.platform): Promise<FolderLock> {
    const { dev, ino } = await stat(folder, { bigint: true });
    const name = `opendxa-pubsub-${dev}-${ino}`;
    const release = await take(folder, name, platform).catch(async (error: unknown) => {
      throw await lockError(folder, error);
    });
    try {
      await writeFile(join(folder, OWNER_FILE), `${process.pid}\n`);
    } catch (error) {
      await release();
      throw error;
    }
    return new FolderLock(release);
  }

  /** Gives the lock up. */
  release(): Promise<void> {
    return this.#release();
  }
}

function take(folder: string, name: string, platform: string): Promise<() => Promise<void>> {
  switch (platform) {
    case "linux":
      return listen(`\0${name}`);
    /* v8 ignore start -- @preserve: other platforms than the one the tests run on */
    case "win32":
      return listen(`\\\\.\\pipe\\${name}`);
    default:
      return openExclusively(join(folder, LOCK_FILE));
    /* v8 ignore stop -- @preserve */
  }
}

async function listen(address: string): Promise<() => Promise<void>> {
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, resolve);
  });
  // The lock alone must not keep the process alive.
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/* v8 ignore start -- @preserve: other platforms than the one the tests run on */
async function openExclusively(path: string): Promise<() => Promise<void>> {
  const handle = await open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_EXLOCK);
  return () => handle.close();
}
/* v8 ignore stop -- @preserve */

async function lockError(folder: string, error: unknown): Promise<unknown> {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "EADDRINUSE" && code !== "EAGAIN" && code !== "EACCES") return error;
  // Only a hint for people: the file may be missing or of an earlier owner.
  const owner = await readFile(join(folder, OWNER_FILE), "utf8").catch(() => "unknown");
  const pid = owner.trim();
  return new JournalError("locked", `Another process (pid ${pid}) uses the folder ${folder}`, {
    details: { folder, pid },
    cause: error,
  });
}
