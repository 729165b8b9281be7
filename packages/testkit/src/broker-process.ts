import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { KILL_TIMEOUT_MS, START_TIMEOUT_MS, STDERR_LINES_MAX, STOP_TIMEOUT_MS } from "./limits.js";
import { within } from "./wait-until.js";

/** How a process ended. */
export interface ProcessExit {
  /** Its exit code, unless a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | null;
}

/** The line that a broker writes when it serves. */
export interface StartLine {
  /** Address of the gRPC services. */
  readonly grpc: string;
  /** Address of webhook ingress and health. */
  readonly http: string;
  /** Engine of the index store. */
  readonly index: string;
  /** Rises with every start on the data folder. */
  readonly start_number: number;
  /** Entries that were applied again. */
  readonly replayed_entries: number;
  /** Bytes of a torn tail that were cut. */
  readonly torn_bytes: number;
  /** Why the index was rebuilt, or null. */
  readonly rebuilt: string | null;
}

/** One run of a broker's binary. */
export class BrokerProcess {
  readonly #child: ChildProcess;
  /** Newest lines of stderr. */
  readonly stderr: string[] = [];
  /** Resolves when the process ended. */
  readonly exit: Promise<ProcessExit>;
  /** Resolves with its start line; rejects when it ended before. */
  readonly started: Promise<StartLine>;

  /** Starts the binary. */
  constructor(binary: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [binary, ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.stderr.push(line);
      if (this.stderr.length > STDERR_LINES_MAX) this.stderr.shift();
    });
    this.exit = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    this.started = this.#awaitStart(child);
    this.started.catch(() => undefined);
  }

  /** Id of the process. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("the broker's process was not started");
    return pid;
  }

  /** Whether it ended. */
  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal that ends it, and waits for its end. */
  async kill(signal: "SIGKILL" | "SIGTERM"): Promise<ProcessExit> {
    const timeoutMs = signal === "SIGKILL" ? KILL_TIMEOUT_MS : STOP_TIMEOUT_MS;
    this.#child.kill(signal);
    return await within(`the broker's end after ${signal}`, timeoutMs, this.exit);
  }

  async #awaitStart({ stdout }: ChildProcess): Promise<StartLine> {
    if (stdout === null) throw new Error("the broker's stdout is not piped");
    const line = new Promise<string>((resolve) => {
      createInterface({ input: stdout }).on("line", resolve);
    });
    const ended = this.exit.then(({ code, signal }) => {
      throw new Error(
        `the broker ended (${signal ?? `code ${code}`}) before it served:\n${this.stderr.join("\n")}`,
      );
    });
    const first = await within("the broker's start", START_TIMEOUT_MS, Promise.race([line, ended]));
    return JSON.parse(first) as StartLine;
  }
}
