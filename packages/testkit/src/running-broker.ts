import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BrokerProcess, type ProcessExit, type StartLine } from "./broker-process.js";

/** How to start a broker. */
export interface StartBrokerOptions {
  /** Data folder. Default: a new one, which is removed with `stop`. */
  readonly dataFolder?: string | undefined;
  /** Further environment variables. Those of the broker that this process has are not handed on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Keys of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** The broker's program. Default: this repository's, which must be built. */
  readonly binary?: string | undefined;
}

/** The broker's program in this repository. */
export const BROKER_BINARY = fileURLToPath(
  new URL("../../../apps/broker/dist/main.cjs", import.meta.url),
);

const FREE_PORT = "127.0.0.1:0";

/** A broker in a process of its own. Its addresses stay the same across restarts. */
export class RunningBroker {
  /** Data folder. */
  readonly dataFolder: string;
  readonly #folder: string;
  readonly #binary: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: BrokerProcess;
  #line: StartLine;
  #stderrBefore: string[] = [];

  private constructor(start: {
    folder: string;
    dataFolder: string;
    binary: string;
    env: NodeJS.ProcessEnv;
    process: BrokerProcess;
    line: StartLine;
  }) {
    this.#folder = start.folder;
    this.dataFolder = start.dataFolder;
    this.#binary = start.binary;
    this.#env = start.env;
    this.#process = start.process;
    this.#line = start.line;
  }

  /** Starts a broker on free ports and waits until it serves. @throws Error with its stderr */
  static async start(options: StartBrokerOptions = {}): Promise<RunningBroker> {
    const folder = await mkdtemp(join(tmpdir(), "opendxa-pubsub-"));
    const dataFolder = options.dataFolder ?? join(folder, "data");
    const binary = options.binary ?? BROKER_BINARY;
    const configFile = join(folder, "broker.yaml");
    // JSON is YAML.
    await writeFile(configFile, JSON.stringify(options.config ?? {}));
    const env = { ...environment(), ...options.env, OPENDXA_PUBSUB_CONFIG: configFile };
    const process = new BrokerProcess(binary, argsOf(dataFolder, FREE_PORT, FREE_PORT), env);
    try {
      const line = await process.started;
      return new RunningBroker({ folder, dataFolder, binary, env, process, line });
    } catch (error) {
      if (!process.hasExited) await process.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Address of the gRPC services. */
  get address(): string {
    return this.#line.grpc;
  }

  /** Address of webhook ingress and health. */
  get httpAddress(): string {
    return this.#line.http;
  }

  /** Id of the process that runs now, or ran last. */
  get pid(): number {
    return this.#process.pid;
  }

  /** What the broker said when it served. */
  get startLine(): StartLine {
    return this.#line;
  }

  /** Newest lines of stderr, of all processes so far. */
  get stderr(): readonly string[] {
    return [...this.#stderrBefore, ...this.#process.stderr];
  }

  /** Resolves when the process that runs now ended. */
  get exit(): Promise<ProcessExit> {
    return this.#process.exit;
  }

  /** Sends a signal that does not end it, such as SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  /** Ends the process and waits for its end; the data folder stays. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<ProcessExit> {
    return await this.#process.kill(signal);
  }

  /** Starts a new process on the same folder and addresses, after `kill`. */
  async restart(): Promise<void> {
    if (!this.#process.hasExited) await this.kill("SIGKILL");
    this.#stderrBefore = [...this.stderr];
    const args = argsOf(this.dataFolder, this.#line.grpc, this.#line.http);
    this.#process = new BrokerProcess(this.#binary, args, this.#env);
    this.#line = await this.#process.started;
  }

  /** Ends the process and removes what `start` made. */
  async stop(): Promise<void> {
    if (!this.#process.hasExited) {
      // A stopped process does not hear of its end.
      this.#process.signal("SIGCONT");
      await this.#process.kill("SIGKILL");
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** As {@link stop}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a broker on free ports and waits until it serves. */
export async function startBroker(options: StartBrokerOptions = {}): Promise<RunningBroker> {
  return await RunningBroker.start(options);
}

function argsOf(dataFolder: string, grpc: string, http: string): string[] {
  return ["serve", "--data", dataFolder, "--grpc", grpc, "--http", http];
}

function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("OPENDXA_PUBSUB_"));
  return Object.fromEntries(own);
}
