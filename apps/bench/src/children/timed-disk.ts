import { type Disk, type DiskFile, NodeDisk, type OpenMode } from "@opendxa/pubsub-journal";

/** A disk that adds up how long its writes and syncs take. */
export class TimedDisk extends NodeDisk {
  /** Milliseconds in writes. */
  writeMs = 0;
  /** Milliseconds in syncs of data, those of writes that sync themselves with their writing. */
  syncMs = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    const write = file.writev.bind(file);
    const sync = file.datasync.bind(file);
    file.writev = async (parts, position) => {
      const begin = performance.now();
      await write(parts, position);
      const ms = performance.now() - begin;
      if (mode === "synced") this.syncMs += ms;
      else this.writeMs += ms;
    };
    file.datasync = async () => {
      const begin = performance.now();
      await sync();
      this.syncMs += performance.now() - begin;
    };
    return file;
  }
}

/** A file that is written at its end and synced, through the same calls as the journal's. */
export class BareFile {
  readonly #file: DiskFile;
  #bytes = 0;

  private constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Makes the file. */
  static async create(disk: Disk, path: string): Promise<BareFile> {
    return new BareFile(await disk.open(path, "create"));
  }

  /** Resolves when the bytes are durable. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.writev([bytes], this.#bytes);
    await this.#file.datasync();
    this.#bytes += bytes.length;
  }

  /** Closes it. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
