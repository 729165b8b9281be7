import { credentials } from "@grpc/grpc-js";
import {
  ADDRESS_VARIABLE,
  encodeBatch,
  type PubSubClient,
  PubSubError,
} from "@opendxa/pubsub-client";
import {
  type BatchResult,
  ErrorReason,
  type ErrorReasonName,
  RecordBatch,
  setBits,
} from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { eventOf, type Fields, number, text } from "./event-json.js";

/** Calls of the contract that the client's words do not let through as they are. */
const publisher = () =>
  makeClient(services.publisher, {
    address: process.env[ADDRESS_VARIABLE] ?? "",
    credentials: credentials.createInsecure(),
  });

type Publisher = ReturnType<typeof publisher>;
type Operation = (session: { readonly client: PubSubClient }, args: Fields) => Promise<Fields>;

async function calling<T>(call: (client: Publisher) => Promise<T>): Promise<T> {
  const client = publisher();
  try {
    return await call(client);
  } finally {
    client.close();
  }
}

function idOf(fields: Fields): Buffer {
  return Buffer.from(text(fields, "id") ?? "", "hex");
}

/** Fields of a batch by their contract names, as the case spoils them: 64-bit numbers are decimal texts. */
function spoiled(batch: RecordBatch, set: Fields): RecordBatch {
  const fields = Object.entries(set).map(([name, value]) => {
    const field = name.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
    return [field, typeof value === "string" ? BigInt(value) : value];
  });
  return RecordBatch.fromPartial({ ...batch, ...Object.fromEntries(fields) });
}

function framed(args: Fields): RecordBatch[] {
  const { producer: stated, copies = 1, set = {} } = args;
  const of = stated as Fields | undefined;
  const batch = encodeBatch({
    topic: text(args, "topic") ?? "",
    events: (args["events"] as Fields[]).map(eventOf),
    producer: of && {
      id: idOf(of),
      epoch: number(of, "epoch") ?? 0,
      baseSequence: BigInt(text(of, "base_sequence") ?? 0),
    },
  });
  return Array<RecordBatch>(copies as number).fill(spoiled(batch, set as Fields));
}

function nameOf(reason: ErrorReason): ErrorReasonName {
  const found = Object.entries(ErrorReason).find(([, known]) => known === reason);
  return (found?.[0] ?? "UNSPECIFIED") as ErrorReasonName;
}

function resultJson({ refusal, baseOffset, duplicates, refusals }: BatchResult): Fields {
  if (refusal !== undefined) {
    const { reason, message, metadata } = refusal;
    throw PubSubError.of(nameOf(reason), message, { metadata });
  }
  return {
    base_offset: String(baseOffset),
    duplicates: [...setBits(duplicates)],
    refusals: refusals.map(({ index, reason, field, rule }) => {
      return { index, reason: nameOf(reason), field, rule };
    }),
  };
}

/** Operations below the client's words, by name. */
export const rawOperations: Readonly<Record<string, Operation>> = {
  async get_producer({ client }) {
    return { id: client.producerId };
  },
  async open_producer(_session, args) {
    return await calling(async (client) => {
      const stream = client.publishStream();
      const opened = new Promise<Fields>((resolve, reject) => {
        stream.on("error", (error) => reject(fromServiceError(error as never)));
        stream.on("data", ({ message }) => {
          if (message?.$case === "opened") resolve({ epoch: message.value.producerEpoch });
        });
      });
      const value = { namespace: "", producerId: idOf(args), clientName: "", heartbeatMs: 0 };
      stream.write({ message: { $case: "open", value } });
      const epoch = await opened;
      stream.end();
      return epoch;
    });
  },
  async publish_frame(_session, args) {
    const frame = { number: 0n, batches: framed(args), atomic: args["atomic"] === true };
    return await calling(
      (client) =>
        new Promise((resolve, reject) => {
          client.publish({ namespace: "", frame }, (error, response) => {
            try {
              if (error !== null) throw fromServiceError(error);
              resolve({ results: response?.results.map(resultJson) });
            } catch (refusal) {
              reject(refusal);
            }
          });
        }),
    );
  },
};
