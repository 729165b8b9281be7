import type { DiskFile } from "./disk.js";
import type { ReadAt } from "./file-window.js";
import { SALVAGE_PAGE_BYTES } from "./limits.js";

/**
 * Reads on where the disk refuses: page by page, each that cannot be read as zeros, of which
 * `onUnreadable` is told the position.
 */
export function pageReader(
  file: DiskFile,
  onUnreadable: (position: number, bytes: number) => void,
): ReadAt {
  const page = async (buffer: Uint8Array, position: number): Promise<number> => {
    try {
      return await file.read(buffer, position);
    } catch {
      // Told as data: the caller's task is to find what can be read.
      onUnreadable(position, buffer.length);
      buffer.fill(0);
      return buffer.length;
    }
  };
  return async (buffer, position) => {
    try {
      return await file.read(buffer, position);
    } catch {
      // One bad page must not hide the sound ones around it.
      let at = 0;
      while (at < buffer.length) {
        const toBoundary = SALVAGE_PAGE_BYTES - ((position + at) % SALVAGE_PAGE_BYTES);
        const part = buffer.subarray(at, at + toBoundary);
        const read = await page(part, position + at);
        at += read;
        if (read < part.length) break;
      }
      return at;
    }
  };
}
