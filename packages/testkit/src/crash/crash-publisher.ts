import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { parseArgs } from "node:util";
import { type PublishReceipt, PubSubClient } from "@opendxa/pubsub-client";
import { PUBLISHER_TIMEOUT_MS, PUBLISHES_AT_A_TIME } from "./limits.js";

/** What a publisher of the crash test is told. */
interface CrashPublisherArguments {
  readonly address: string;
  readonly topic: string;
  readonly source: string;
  readonly out: string;
}

function readArguments(): CrashPublisherArguments {
  const { values } = parseArgs({
    options: {
      address: { type: "string" },
      topic: { type: "string" },
      source: { type: "string" },
      out: { type: "string" },
    },
  });
  const { address, topic, source, out } = values;
  if (!address || !topic || !source || !out) {
    throw new Error("--address, --topic, --source and --out are needed");
  }
  return { address, topic, source, out };
}

/** Publishes until SIGTERM; writes a line `<id> <offset>` for every acknowledged event. */
async function run({ address, topic, source, out }: CrashPublisherArguments): Promise<void> {
  const acked = createWriteStream(out, { flags: "a" });
  const client = await PubSubClient.connect({
    address,
    source,
    name: source,
    publishTimeoutMs: PUBLISHER_TIMEOUT_MS,
    connectTimeoutMs: PUBLISHER_TIMEOUT_MS,
  });
  let isStopping = false;
  process.once("SIGTERM", () => {
    isStopping = true;
  });
  let number = 0;
  const nextEvent = () => {
    number += 1;
    return { id: `${source}-${number}`, type: "crash.test", text: `event ${number} of ${source}` };
  };
  const lane = async () => {
    while (!isStopping) {
      const events = Array.from({ length: PUBLISHES_AT_A_TIME / LANES }, nextEvent);
      await write(acked, await client.publishMany(topic, events));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await client.close();
  acked.end();
  await once(acked, "close");
}

/** Lanes that publish by turns, so that one waits for acks while the other fills a frame. */
const LANES = 4;

async function write(file: WriteStream, receipts: readonly PublishReceipt[]): Promise<void> {
  const lines = receipts.map(({ id, offset }) => `${id} ${offset}\n`).join("");
  if (!file.write(lines)) await once(file, "drain");
}

await run(readArguments());
