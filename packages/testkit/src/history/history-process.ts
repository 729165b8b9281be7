import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { within } from "../wait-until.js";
import { READY_TIMEOUT_MS, STOP_TIMEOUT_MS } from "./limits.js";
import type { WorkerTask } from "./worker-task.js";

/** A worker of a history run in a process of its own, in either language. */
export class HistoryProcess {
  /** Its name in the history. */
  readonly name: string;
  /** Resolves with its first line; rejects when it ends before, or says nothing in time. */
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #exit: Promise<string | undefined>;
  readonly #stderr: string[] = [];
  #wasKilled = false;

  /** Starts `command program TASK`. */
  constructor(command: string, program: string, task: WorkerTask) {
    this.name = task.name;
    const child = spawn(command, [program, JSON.stringify(task)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#stderr.push(text));
    this.#exit = new Promise((resolve) => {
      child.once("error", (error) => resolve(`${task.name}: ${error.message}`));
      child.once("close", (code, signal) => {
        const how = `${task.name} ended with ${signal ?? `code ${code}`}`;
        const isFine = code === 0 || this.#wasKilled;
        resolve(isFine ? undefined : `${how}: ${this.#stderr.join("")}`);
      });
    });
    const line = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).once("line", () => resolve());
    });
    this.ready = within(
      `${task.name} to be ready`,
      READY_TIMEOUT_MS,
      Promise.race([line, this.#endedEarly()]),
    );
    // Whoever is killed before it is ready is nobody's to wait for.
    this.ready.catch(() => undefined);
  }

  /** Whether it ended. */
  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Writes a line to its input. */
  tell(word: string): void {
    this.#child.stdin?.write(`${word}\n`);
  }

  /** Kills it with SIGKILL. */
  async kill(): Promise<void> {
    this.#wasKilled = true;
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  /** Asks it to end; answers what went wrong with it, if anything did. */
  async stop(): Promise<string | undefined> {
    this.#child.kill("SIGTERM");
    return await this.ended();
  }

  /** Waits for its end; answers what went wrong with it, if anything did. */
  async ended(): Promise<string | undefined> {
    try {
      return await within(`${this.name}'s end`, STOP_TIMEOUT_MS, this.#exit);
    } catch (error) {
      this.#child.kill("SIGKILL");
      return String(error);
    }
  }

  async #endedEarly(): Promise<never> {
    throw new Error((await this.#exit) ?? `${this.name} ended before it was ready`);
  }
}
