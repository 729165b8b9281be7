import { type BatchEventOrigin, PubSubError, type ReadBatch } from "@opendxa/pubsub-protocol";
import { Backoff } from "../connection/backoff.js";
import type { Connection } from "../connection/connection.js";
import { transportError } from "../connection/transport-error.js";
import { originsOf, StoredEvent } from "./stored-event.js";

/** What to read of a topic. */
export interface ReadOptions {
  /** Partition. Default 0. */
  readonly partition?: number | undefined;
  /** First offset; a hole is skipped. Default: the oldest stored event. */
  readonly offset?: bigint | undefined;
  /** Events at most. Default: no bound. */
  readonly eventsMax?: number | undefined;
  /** Goes on with new events as they become durable. Default: ends at the newest. */
  readonly follow?: boolean | undefined;
  /** Ends the reading when aborted: the loop throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Progress {
  offset: bigint;
  left: number | undefined;
}

/** Reads a topic-partition in order; goes on where it was after a lost connection. */
export async function* readEvents(
  connection: Connection,
  topic: string,
  options: ReadOptions & { readonly offset: bigint },
): AsyncGenerator<StoredEvent, void, undefined> {
  const progress: Progress = { offset: options.offset, left: options.eventsMax };
  const backoff = new Backoff();
  while (progress.left !== 0) {
    try {
      for await (const event of readOnce(connection, topic, options, progress)) {
        backoff.reset();
        yield event;
      }
      return;
    } catch (caught) {
      connection.throwIfAborted(options.signal);
      const error = transportError(caught);
      if (!error.retryable) throw error;
      await connection.pause(Math.max(backoff.next(), error.retryAfterMs ?? 0), options.signal);
    }
  }
}

async function* readOnce(
  connection: Connection,
  topic: string,
  options: ReadOptions,
  progress: Progress,
): AsyncGenerator<StoredEvent, void, undefined> {
  const { namespace } = connection;
  const request = {
    namespace,
    topic,
    partition: options.partition ?? 0,
    offset: progress.offset,
    eventsMax: progress.left ?? 0,
    follow: options.follow ?? false,
  };
  const call = connection.serverStream("query", "readEvents", request, options.signal);
  try {
    for await (const { batches } of call as AsyncIterable<{ batches: ReadBatch[] }>) {
      for (const origin of batches.flatMap(readOrigins)) {
        const event = new StoredEvent(origin);
        progress.offset = event.offset + 1n;
        if (progress.left !== undefined) progress.left -= 1;
        yield event;
        if (progress.left === 0) return;
      }
    }
  } finally {
    call.on("error", () => undefined);
    call.cancel();
  }
}

function readOrigins({ batch, selected }: ReadBatch): BatchEventOrigin[] {
  if (batch === undefined) throw PubSubError.of("BATCH_MALFORMED", "a read batch without a batch");
  return [...originsOf(batch, selected)];
}
