/** One page of a list. */
export interface Page<T> {
  /** Its items. */
  readonly items: readonly T[];
  /** Asks for the next page; empty: this was the last. */
  readonly nextPageToken: string;
}

/** The items of all pages, each page asked for when it is needed. */
export async function* allPages<T>(
  ask: (pageToken: string) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let pageToken = "";
  do {
    const { items, nextPageToken } = await ask(pageToken);
    yield* items;
    pageToken = nextPageToken;
  } while (pageToken !== "");
}
