import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../wait-until.js";
import { type AckedEvent, ackedBytes, readAcked } from "./acked-file.js";
import type { PublisherLanguage } from "./crash-minimums.js";
import { PUBLISHER_STOP_MS } from "./limits.js";

const TYPESCRIPT_PUBLISHER = fileURLToPath(new URL("./crash-publisher.js", import.meta.url));
const PYTHON_PUBLISHER = fileURLToPath(
  new URL("../../../python/tests/crash_publisher.py", import.meta.url),
);

/** Where and as whom a publisher publishes. */
export interface PublisherTask {
  /** Address of the broker. */
  readonly address: string;
  /** Topic. */
  readonly topic: string;
  /** Source of its events. */
  readonly source: string;
  /** Folder for its file. */
  readonly folder: string;
}

/** A publisher in a process of its own, in either language. */
export class PublisherProcess {
  /** Language that it is written in. */
  readonly language: PublisherLanguage;
  /** Source of its events. */
  readonly source: string;
  readonly #child: ChildProcess;
  readonly #file: string;
  readonly #exit: Promise<string | undefined>;
  readonly #stderr: string[] = [];

  private constructor(
    language: PublisherLanguage,
    [command, program]: readonly [string, string],
    { address, topic, source, folder }: PublisherTask,
  ) {
    this.language = language;
    this.source = source;
    this.#file = join(folder, `${source}.acked`);
    const args = ["--address", address, "--topic", topic, "--source", source, "--out", this.#file];
    const child = spawn(command, [program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#stderr.push(text));
    this.#exit = new Promise((resolve) => {
      child.once("error", (error) => resolve(`${source}: ${error.message}`));
      child.once("close", (code, signal) => {
        const how = signal ?? `code ${code}`;
        resolve(code === 0 ? undefined : `${source} ended with ${how}: ${this.#stderr.join("")}`);
      });
    });
  }

  /** Starts the publisher written in TypeScript. */
  static typescript(task: PublisherTask): PublisherProcess {
    return new PublisherProcess("typescript", [process.execPath, TYPESCRIPT_PUBLISHER], task);
  }

  /** Starts the publisher written in Python. */
  static python(interpreter: string, task: PublisherTask): PublisherProcess {
    return new PublisherProcess("python", [interpreter, PYTHON_PUBLISHER], task);
  }

  /** Bytes that it has written of what was acknowledged. */
  get progressBytes(): number {
    return ackedBytes(this.#file);
  }

  /** Whether it ended. */
  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What was acknowledged to it. */
  async acked(): Promise<AckedEvent[]> {
    return await readAcked(this.#file);
  }

  /** Asks it to end; answers what went wrong with it, if anything did. */
  async stop(): Promise<string | undefined> {
    this.#child.kill("SIGTERM");
    try {
      return await within("a publisher's end", PUBLISHER_STOP_MS, this.#exit);
    } catch (error) {
      this.#child.kill("SIGKILL");
      return String(error);
    }
  }
}
