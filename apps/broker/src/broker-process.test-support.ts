import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { encodeBatch, PubSubError } from "@opendxa/pubsub-protocol";
import { makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { expect } from "vitest";

/** The broker's program: what is shipped. */
export const PROGRAM = fileURLToPath(new URL("../dist/main.cjs", import.meta.url));

/** Tests of the process need the built program; `npm test` builds before it tests. */
export function requireBuiltBroker(): void {
  if (existsSync(PROGRAM)) return;
  throw new Error(`${PROGRAM} is missing: run npm run build first`);
}

/** One sentence on one line, and the exit code. */
export async function refusalOf(broker: BrokerProcess) {
  const code = await broker.ended();
  const lines = broker.stderr.split("\n").filter((line) => !line.startsWith("{") && line !== "");
  expect(lines).toHaveLength(1);
  return { code, sentence: lines[0]?.replace("opendxa-pubsub: ", "") };
}

/** Publishes one event a call to a broker's process; answers `stored` or the error's reason. */
export function publisherAt(address: string) {
  const client = makeClient(services.publisher, {
    address,
    credentials: credentials.createInsecure(),
  });
  const publish = (id: string, bodyBytes = 16, namespace = ""): Promise<string> => {
    const event = { id, source: "/test", type: "x", data: Buffer.alloc(bodyBytes) };
    const batches = [encodeBatch({ topic: "poet/events", events: [event] })];
    const frame = { number: 0n, batches, atomic: false };
    return new Promise((resolve) => {
      client.publish({ namespace, frame }, (error: ServiceError | null) =>
        resolve(error === null ? "stored" : PubSubError.from(error).reason),
      );
    });
  };
  return {
    publish,
    /** Resolves when the broker has taken all that was published before: its calls come in order. */
    async taken() {
      expect(await publish("nothing", 0, "nowhere")).toBe("NAMESPACE_NOT_FOUND");
    },
    close: () => client.close(),
  };
}

/** The line that a broker prints when it serves. */
export interface ServingLine {
  /** Always `serving`. */
  readonly event: string;
  /** Address of gRPC. */
  readonly grpc: string;
  /** Address of HTTP. */
  readonly http: string;
  /** Engine of the index. */
  readonly index: string;
  /** Number of the start. */
  readonly start_number: number;
  /** Entries that were applied again. */
  readonly replayed_entries: number;
  /** Why the index was built anew, or null. */
  readonly rebuilt: string | null;
}

/** What surrounds a broker's process. */
export interface BrokerProcessOptions {
  /** Environment variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Largest file that it may write, KiB: writes beyond it fail as on a broken disk. */
  readonly fileKibMax?: number;
  /** Command of the program. Default: to serve. */
  readonly command?: readonly string[];
  /** What is changed about its machine: a file `<name>.test-support.cjs` that runs before it. */
  readonly machine?:
    | "crowded-heap"
    | "faulty-http"
    | "held-disk"
    | "unloadable-rocksdb"
    | "watched-loads";
  /** Its program. Default: {@link PROGRAM}. */
  readonly program?: string;
}

const POLL_MS = 20;

/** A broker in its own process. */
export class BrokerProcess {
  /** The process. */
  readonly child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #stderr = "";

  /** Starts the real program on free ports. */
  constructor(data: string, args: readonly string[] = [], options: BrokerProcessOptions = {}) {
    const { environment = {}, fileKibMax, command = [], machine, program = PROGRAM } = options;
    const ports = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    const programArgs = [program, ...command, "--data", data, ...ports, ...args];
    const limited = ["-c", `ulimit -f ${fileKibMax}; exec "$0" "$@"`, process.execPath];
    const isLimited = fileKibMax !== undefined;
    this.child = spawn(
      isLimited ? "bash" : process.execPath,
      isLimited ? [...limited, ...programArgs] : programArgs,
      {
        env: { ...process.env, ...nodeOptionsFor(machine), ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#closed = once(this.child, "close");
    this.child.stderr?.on("data", (text: Buffer) => {
      this.#stderr += text.toString();
    });
  }

  /** Everything that it wrote to stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when stderr holds a text; rejects when the process ends before. */
  async said(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      if (this.hasEnded) throw new Error(`it ended without saying ${text}: ${this.#stderr}`);
      await sleep(POLL_MS);
    }
  }

  /** Whether the process ended. */
  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when it serves; rejects with its stderr when it ends instead. */
  async serving(): Promise<ServingLine> {
    if (this.child.stdout === null) throw new Error("stdout is a pipe");
    for await (const line of createInterface({ input: this.child.stdout })) {
      return JSON.parse(line) as ServingLine;
    }
    throw new Error(`the broker ended: ${this.#stderr}`);
  }

  /** Resolves with the exit code, null where a signal ended it, once all that it wrote was read. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }

  /** Asks to stop and resolves with the exit code. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const ended = this.ended();
    this.child.kill(signal);
    return ended;
  }
}

function nodeOptionsFor(machine: BrokerProcessOptions["machine"]): Record<string, string> {
  if (machine === undefined) return {};
  const file = fileURLToPath(new URL(`./${machine}.test-support.cjs`, import.meta.url));
  return { NODE_OPTIONS: `--require "${file}"` };
}
