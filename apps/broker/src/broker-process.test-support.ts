import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../dist/main.cjs", import.meta.url));

/** Tests of the process need the built program; `npm test` builds before it tests. */
export function requireBuiltBroker(): void {
  if (existsSync(PROGRAM)) return;
  throw new Error(`${PROGRAM} is missing: run npm run build first`);
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
}

/** What surrounds a broker's process. */
export interface BrokerProcessOptions {
  /** Environment variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Largest file that it may write, KiB: writes beyond it fail as on a broken disk. */
  readonly fileKibMax?: number;
}

/** A broker in its own process. */
export class BrokerProcess {
  /** The process. */
  readonly child: ChildProcess;
  #stderr = "";

  /** Starts the real program on free ports. */
  constructor(data: string, args: readonly string[] = [], options: BrokerProcessOptions = {}) {
    const { environment = {}, fileKibMax } = options;
    const ports = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    const programArgs = [PROGRAM, "--data", data, ...ports, ...args];
    const limited = ["-c", `ulimit -f ${fileKibMax}; exec "$0" "$@"`, process.execPath];
    const isLimited = fileKibMax !== undefined;
    this.child = spawn(
      isLimited ? "bash" : process.execPath,
      isLimited ? [...limited, ...programArgs] : programArgs,
      { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.child.stderr?.on("data", (text: Buffer) => {
      this.#stderr += text.toString();
    });
  }

  /** Everything that it wrote to stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when it serves; rejects with its stderr when it ends instead. */
  async serving(): Promise<ServingLine> {
    if (this.child.stdout === null) throw new Error("stdout is a pipe");
    for await (const line of createInterface({ input: this.child.stdout })) {
      return JSON.parse(line) as ServingLine;
    }
    throw new Error(`the broker ended: ${this.#stderr}`);
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, "close")) as [number | null];
    return code;
  }

  /** Asks to stop and resolves with the exit code. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const ended = this.ended();
    this.child.kill(signal);
    return ended;
  }
}
