import type { Journal } from "../index.js";
import { entry, FOLDER, type SimulatedPlace, twelve } from "./journal-subjects.js";

/** The newest segment of {@link recycled}, written over the file of 1 to 4. */
export const RECYCLED = `${FOLDER}/0000000000000013.seg`;
/** Where its first commit lies. */
export const HEADER_BYTES = 128;
/** Bytes of a commit with one entry of 1900. */
export const COMMIT_BYTES = 64 + 16 + 1900;

/**
 * A journal of which 1 to 8 were let go and whose newest segment, from 13 on, is a recycled file
 * with `count` commits of one entry; nothing is marked.
 */
export async function recycled(count = 2): Promise<{ journal: Journal } & SimulatedPlace> {
  const place = await twelve({ limits: { spareSegmentsMax: 1 } });
  await place.journal.truncateBefore(9n);
  for (let at = 13; at < 13 + count; at += 1) await place.journal.append([entry(1900, at)]);
  return place;
}
