import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { PubSubError } from "@opendxa/pubsub-protocol";
import { makeClient, type ServiceShape, services } from "@opendxa/pubsub-protocol/grpc";
import { pino } from "pino";
import { formatAddress } from "../config/address.js";
import { loadConfig } from "../config/load-config.js";
import { startBroker } from "../serve.js";

/** A real broker of this process on a data folder of its own. */
export async function startTestBroker(environment: Record<string, string> = {}) {
  const data = mkdtempSync(join(tmpdir(), "broker-services-"));
  const flags = { data, grpc: "127.0.0.1:0", http: "127.0.0.1:0", namespaces: "default,other" };
  const { config } = await loadConfig({ environment, flags });
  const { broker, addresses, namespaces } = await startBroker(config, pino({ level: "silent" }));
  const address = formatAddress(addresses.grpc);
  const closers: (() => void)[] = [];
  const client = <S extends ServiceShape>(service: S) => {
    const made = makeClient(service, { address, credentials: credentials.createInsecure() });
    closers.push(() => made.close());
    return made;
  };
  return {
    namespaces,
    address,
    http: `http://${formatAddress(addresses.http)}`,
    publisher: client(services.publisher),
    subscriber: client(services.subscriber),
    topic: client(services.topic),
    subscription: client(services.subscription),
    query: client(services.query),
    feedback: client(services.feedback),
    broker: client(services.broker),
    shutDown: () => broker.stop(),
    async stop() {
      await broker.stop();
      for (const close of closers) close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Turns a call with a callback into a promise of its response or a `PubSubError`. */
export function answerOf<Response>(
  call: (callback: (error: ServiceError | null, response?: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error !== null) reject(PubSubError.from(error));
      else resolve(response as Response);
    });
  });
}

/** Reads the messages of a stream one by one. */
export class StreamReader<Message> {
  readonly #messages: AsyncIterator<Message>;

  /** Reads this stream. */
  constructor(stream: AsyncIterable<unknown>) {
    this.#messages = stream[Symbol.asyncIterator]() as AsyncIterator<Message>;
  }

  /** The next message; rejects with a `PubSubError` when the stream ended with an error. */
  async next(): Promise<Message | undefined> {
    try {
      const { done, value } = await this.#messages.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw PubSubError.from(error);
    }
  }
}
