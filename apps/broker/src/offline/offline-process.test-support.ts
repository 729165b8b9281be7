import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import {
  AwaitFeedbackRequest,
  type AwaitFeedbackResponse,
  type DeliveredBatch,
  decodeBatch,
  Execution,
  type Settlement,
  StartPosition,
  SubscribeOpen,
  type SubscribeResponse,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { makeClient, type ServiceShape, services } from "@opendxa/pubsub-protocol/grpc";
import { BrokerProcess, publisherAt } from "../broker-process.test-support.js";
import { answerOf, StreamReader } from "../services/running-broker.test-support.js";

/** Kinds of journal that every offline command serves. */
export const JOURNALS = ["segments", "level"] as const;

/** Where the files of a data folder's journal lie. */
export function journalFolder(data: string): string {
  const journal = join(data, "default", "journal");
  return existsSync(join(journal, "leveldb")) ? join(journal, "leveldb") : journal;
}

/** Flips one bit of a journal of a data folder, inside the bytes of a text; answers the file. */
export function damageJournal(data: string, text: string): string {
  const journal = journalFolder(data);
  for (const name of readdirSync(journal).filter((file) => /seg$|log$|ldb$/.test(file))) {
    const bytes = readFileSync(join(journal, name));
    const position = bytes.indexOf(text);
    if (position < 0) continue;
    bytes[position] = (bytes[position] ?? 0) ^ 1;
    writeFileSync(join(journal, name), bytes);
    return name;
  }
  throw new Error(`${text} is in no file of ${journal}`);
}

/** Runs an offline command of the built program to its end. */
export async function runCommand(data: string, command: string, ...args: string[]) {
  const program = new BrokerProcess(data, args, { command: [command] });
  const lines: Record<string, unknown>[] = [];
  if (program.child.stdout === null) throw new Error("stdout is a pipe");
  for await (const line of createInterface({ input: program.child.stdout })) {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  }
  const code = await program.ended();
  const sentences = program.stderr
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("{"))
    .map((line) => line.replace("opendxa-pubsub: ", ""));
  return { code, lines, sentences };
}

type SubscribeCall = AsyncIterable<unknown> & {
  write(request: { message: { $case: "settlement"; value: Settlement } }): unknown;
};

/** Takes what a subscription delivers and acks some of it, whole batches at a time. */
class TestConsumer {
  readonly received: string[] = [];
  readonly #call: SubscribeCall;
  readonly #reader: StreamReader<SubscribeResponse>;
  readonly #isAcked: (id: string) => boolean;
  #number = 0n;
  #settled = 0n;

  constructor(call: SubscribeCall, isAcked: (id: string) => boolean) {
    this.#call = call;
    this.#reader = new StreamReader(call);
    this.#isAcked = isAcked;
  }

  get isSettled(): boolean {
    return this.#settled === this.#number;
  }

  async step(): Promise<void> {
    const message = (await this.#reader.next())?.message;
    if (message === undefined) throw new Error("the stream ended");
    if (message.$case === "verdicts") this.#settled = message.value.throughNumber;
    if (message.$case === "delivery") for (const batch of message.value.batches) this.#take(batch);
  }

  async end(): Promise<void> {
    while ((await this.#reader.next()) !== undefined);
  }

  #take({ batch, lease, sequence, selected }: DeliveredBatch): void {
    if (batch === undefined) return;
    const ids = decodeBatch(batch, { selected }).map(({ id }) => id);
    this.received.push(...ids);
    if (!ids.every(this.#isAcked)) return;
    this.#number += 1n;
    const acks = [{ lease, sequence, ranges: [] }];
    const value = { number: this.#number, acks, nacks: [], extensions: [] };
    this.#call.write({ message: { $case: "settlement", value } });
  }
}

const EXECUTION = "run-1";
const WAIT = "wait-1";

/** Clients of a broker's process, with what the tests of offline commands do by them. */
export function clientsOf(address: string) {
  const closers: (() => void)[] = [];
  const client = <S extends ServiceShape>(service: S) => {
    const made = makeClient(service, { address, credentials: credentials.createInsecure() });
    closers.push(() => made.close());
    return made;
  };
  const publisher = publisherAt(address);
  closers.push(() => publisher.close());
  const subscriber = client(services.subscriber);
  const feedback = client(services.feedback);
  return {
    publish: (id: string) => publisher.publish(id),
    /** Joins a subscription from the earliest event; acks what `isAcked` says, until an id came. */
    async consume(subscription: string, isAcked: (id: string) => boolean, last: string) {
      const call = subscriber.subscribe();
      const consumer = new TestConsumer(call, isAcked);
      const start = StartPosition.create({ position: { $case: "earliest", value: true } });
      const settings = SubscriptionSettings.fromPartial({ patterns: ["poet/events"], start });
      const credit = { bytes: 1_000_000n, events: 1_000 };
      const value = SubscribeOpen.create({ subscription, settings, credit });
      call.write({ message: { $case: "open", value } });
      while (!consumer.received.includes(last) || !consumer.isSettled) await consumer.step();
      call.end();
      await consumer.end();
      return consumer.received;
    },
    /** Registers an execution and stores a wait for its feedback. */
    async expectFeedback() {
      const keys = ["mlflow:run:1"];
      const execution = Execution.fromPartial({
        executionId: EXECUTION,
        functionName: "f",
        correlationKeys: keys,
      });
      await answerOf((done) => feedback.registerExecution({ namespace: "", execution }, done));
      const call = feedback.awaitFeedback(
        AwaitFeedbackRequest.fromPartial({
          executionId: EXECUTION,
          waitId: WAIT,
          deadlineUnixMs: BigInt(Date.now() + 3_600_000),
        }),
      );
      await new StreamReader<AwaitFeedbackResponse>(call).next();
      call.on("error", () => undefined);
      call.cancel();
    },
    /** What is stored of them. */
    async feedbackState() {
      const byId = { namespace: "", executionId: EXECUTION };
      const execution = await answerOf((done) => feedback.getExecution(byId, done));
      const wait = await answerOf((done) =>
        feedback.getWait({ namespace: "", waitId: WAIT }, done),
      );
      return { execution, wait };
    },
    close() {
      for (const close of closers) close();
    },
  };
}
