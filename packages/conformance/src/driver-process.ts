import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { within } from "@opendxa/pubsub-testkit";
import {
  ANSWER_TIMEOUT_MS,
  LEAVE_TIMEOUT_MS,
  READY_TIMEOUT_MS,
  STDERR_LINES_MAX,
} from "./limits.js";

/** What an operation led to. */
export interface Success {
  /** Its result. */
  readonly ok: unknown;
}

/** An error as the driver's language shows it. */
export interface Failure {
  /** Its fields. */
  readonly error: Readonly<Record<string, unknown>>;
}

/** What a driver answers. */
export type Answer = Success | Failure;

/** A client library in a process of its own: one request a line in, one answer a line out. */
export class DriverProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<never>;
  readonly #ended: Promise<void>;
  readonly #waiting: ((line: string) => void)[] = [];
  /** Newest lines of its stderr. */
  readonly stderr: string[] = [];

  /** Starts it. */
  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", () => resolve()));
    this.#exit = new Promise((_resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) =>
        reject(
          new Error(`the driver ended (${signal ?? `code ${code}`}): ${this.stderr.join(" | ")}`),
        ),
      );
    });
    this.#exit.catch(() => undefined);
    child.stdin.on("error", () => undefined);
    createInterface({ input: child.stdout }).on("line", (line) => this.#waiting.shift()?.(line));
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.stderr.push(line);
      if (this.stderr.length > STDERR_LINES_MAX) this.stderr.shift();
    });
  }

  /** Resolves when it takes requests. */
  async ready(): Promise<void> {
    await this.#request({ op: "ready" }, READY_TIMEOUT_MS);
  }

  /** Asks for one operation. */
  async ask(op: string, client: string, args: unknown): Promise<Answer> {
    return await this.#request({ op, client, args }, ANSWER_TIMEOUT_MS);
  }

  /** Kills it: its client says nothing more. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    try {
      await within("the driver's end", LEAVE_TIMEOUT_MS, this.#ended);
    } catch {
      await this.kill();
    }
  }

  async #request(request: unknown, timeoutMs: number): Promise<Answer> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = Promise.race([line, this.#exit]);
    return JSON.parse(await within(`an answer to ${JSON.stringify(request)}`, timeoutMs, answer));
  }
}
