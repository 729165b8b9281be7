import { credentials } from "@grpc/grpc-js";
import { decodeBatch, PubSubError, type ReadEventsResponse } from "@opendxa/pubsub-protocol";
import { makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import type { ServingLine } from "../broker-process.test-support.js";

/** What the HTTP door answered. */
export interface IngressAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Body. */
  readonly json: unknown;
  /** Seconds after which the sender may come back, where it is told. */
  readonly retryAfter: string | null;
}

/** A sender of webhooks that looks into the broker, too. */
export class IngressClient {
  readonly #http: string;
  readonly #query;

  /** Talks to the broker of this line. */
  constructor({ grpc, http }: ServingLine) {
    this.#http = `http://${http}`;
    const address = { address: grpc, credentials: credentials.createInsecure() };
    this.#query = makeClient(services.query, address);
  }

  /** Posts bytes. */
  async post(path: string, body: Buffer, headers: Readonly<Record<string, string>>) {
    const type = { "content-type": "application/json" };
    const init = { method: "POST", headers: { ...type, ...headers }, body: new Uint8Array(body) };
    return answerOf(await fetch(`${this.#http}${path}`, init));
  }

  /** Gets a path. */
  async get(path: string): Promise<IngressAnswer> {
    return answerOf(await fetch(`${this.#http}${path}`));
  }

  /** Whether the broker says that it serves. */
  async isReady(): Promise<boolean> {
    return (await fetch(`${this.#http}/readyz`)).status === 200;
  }

  /** The bodies of the raw events of a system that are stored, in order. */
  async storedBodies(system: string): Promise<string[]> {
    const range = { namespace: "", topic: `ingress/${system}`, partition: 0, offset: 0n };
    const call = this.#query.readEvents({ ...range, eventsMax: 0n, follow: false });
    const bodies: string[] = [];
    try {
      for await (const { batches } of call as AsyncIterable<ReadEventsResponse>) {
        for (const { batch } of batches) {
          if (batch === undefined) continue;
          bodies.push(...decodeBatch(batch).map(({ data }) => Buffer.from(data ?? []).toString()));
        }
      }
    } catch (error) {
      // Nothing was ever stored there.
      if (PubSubError.from(error).reason !== "TOPIC_NOT_FOUND") throw error;
    }
    return bodies;
  }

  /** Closes its connections. */
  close(): void {
    this.#query.close();
  }
}

async function answerOf(response: Response): Promise<IngressAnswer> {
  const retryAfter = response.headers.get("retry-after");
  return { status: response.status, json: await response.json(), retryAfter };
}
