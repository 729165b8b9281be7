import { badRequest, Entry, PubSubError } from "@opendxa/pubsub-protocol";
import type { Decision, Operation } from "../state/operation.js";
import { type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { producersMax } from "./limits.js";

/** Who opens. */
export interface OpenProducerCommand {
  /** 16 random bytes. */
  readonly producerId: Uint8Array;
}

/** A producer's id in hexadecimal, as state keys and derived event ids have it. */
export function producerHex(producerId: Uint8Array): string {
  let text = "";
  for (const byte of producerId) text += byte.toString(16).padStart(2, "0");
  return text;
}

function decide(loaded: Loaded, command: OpenProducerCommand): Decision<number> {
  if (command.producerId.length !== 16) {
    throw badRequest("producer_id", "must be 16 bytes");
  }
  const state = loaded.get(stateKeys.producer(producerHex(command.producerId)));
  const producers = loaded.get(stateKeys.namespace())?.producers ?? 0;
  if (state === undefined && producers >= producersMax) {
    throw PubSubError.of(
      "LIMIT_REACHED",
      `a namespace remembers at most ${producersMax} producers`,
      {
        metadata: { field: "producers", limit: String(producersMax) },
      },
    );
  }
  const epoch = (state?.epoch ?? 0) + 1;
  const value = { producerId: command.producerId.slice(), epoch };
  return {
    entries: [Entry.create({ kind: { $case: "producerOpened", value } })],
    reply: epoch,
  };
}

/** Grants the next epoch to a producer and thereby fences its older streams. */
export const openProducer: Operation<OpenProducerCommand, number> = {
  name: "open-producer",
  reads: (command, loaded) =>
    missingKeys(loaded, [
      stateKeys.namespace(),
      stateKeys.producer(producerHex(command.producerId)),
    ]),
  decide,
};
