import { badRequest, PubSubError } from "@opendxa/pubsub-protocol";
import { pageItemsDefault, pageItemsMax } from "./limits.js";

/** Items of a page as asked, with the default filled in. Throws LIMIT_EXCEEDED. */
export function pageSizeOf(asked: number): number {
  if (asked > pageItemsMax) {
    throw PubSubError.of("LIMIT_EXCEEDED", `page_size is at most ${pageItemsMax}`, {
      metadata: { field: "page_size", limit: pageItemsMax, size: asked },
    });
  }
  return asked || pageItemsDefault;
}

/** A position as a page token. */
export function pageToken(sequence: bigint, index: number): string {
  return `${sequence.toString(16)}.${index.toString(16)}`;
}

/** Reads a page token. Throws BAD_REQUEST. */
export function positionOfToken(token: string): { sequence: bigint; index: number } {
  const parts = /^([0-9a-f]{1,16})\.([0-9a-f]{1,8})$/.exec(token);
  if (parts === null) {
    const rule = "must be the next_page_token of the page before";
    throw badRequest("page_token", rule);
  }
  return { sequence: BigInt(`0x${parts[1]}`), index: Number.parseInt(parts[2] ?? "0", 16) };
}
