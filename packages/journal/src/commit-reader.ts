import type { Verify } from "./checksum.js";
import {
  COMMIT_HEADER_BYTES,
  CommitHead,
  type CommitIdentity,
  measureCommit,
} from "./commit-header.js";
import type { FileWindow } from "./file-window.js";

/** What lies at a position of a segment. */
export type FoundCommit =
  /** A header with a valid checksum, and the file is long enough for the whole commit. */
  | { readonly kind: "head"; readonly head: CommitHead }
  /** The file ends before the commit does. */
  | { readonly kind: "short" }
  /** Anything else. */
  | { readonly kind: "invalid" };

/** Reads the header of the commit at a position; `end` is where commits can go up to. */
export async function readCommitHead(
  window: FileWindow,
  at: { readonly position: number; readonly end: number; readonly identity: CommitIdentity },
  verify: Verify,
): Promise<FoundCommit> {
  const { position, end, identity } = at;
  const fixed =
    window.peek(position, COMMIT_HEADER_BYTES) ??
    (await window.view(position, COMMIT_HEADER_BYTES, end));
  if (fixed === undefined) return { kind: "short" };
  const headBytes = measureCommit(fixed, identity);
  if (headBytes === undefined) return { kind: "invalid" };
  const bytes = window.peek(position, headBytes) ?? (await window.view(position, headBytes, end));
  // A damaged count could claim any length: without its checksum "short" would be a guess.
  if (bytes === undefined) return { kind: "invalid" };
  const head = new CommitHead(bytes);
  if (!head.isValid(verify)) return { kind: "invalid" };
  return position + head.bytes > end ? { kind: "short" } : { kind: "head", head };
}

/** Whether every entry of a commit has its checksum. */
export async function areEntriesValid(
  window: FileWindow,
  at: { readonly position: number; readonly end: number; readonly head: CommitHead },
  verify: Verify,
): Promise<boolean> {
  const { position, end, head } = at;
  let entryAt = position + head.headBytes;
  for (let row = 0; row < head.entryCount; row += 1) {
    const length = head.length(row);
    const payload = window.peek(entryAt, length) ?? (await window.view(entryAt, length, end));
    if (payload === undefined || !verify([payload], head.checksum(row))) return false;
    entryAt += length;
  }
  return true;
}
