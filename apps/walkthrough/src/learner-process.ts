import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { waitUntil } from "@opendxa/pubsub-testkit";
import { stepTimeoutMs } from "./limits.js";

/** One piece of feedback as a learner printed it. */
export interface Lesson {
  /** Id of the event. */
  readonly id: string;
  /** Execution that it is about. */
  readonly execution_id: string;
  /** Type of the feedback. */
  readonly feedback_type: string;
}

/** A learner in its own process, and what it printed so far. */
export class LearnerProcess {
  /** Language. */
  readonly language: string;
  /** Lessons in the order of printing. */
  readonly lessons: Lesson[] = [];
  readonly #child: ChildProcess;
  readonly #errors: string[] = [];
  #isReady = false;

  private constructor(language: string, command: readonly string[], onLesson: (l: Lesson) => void) {
    this.language = language;
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.on("error", (error) => this.#errors.push(error.message));
    if (this.#child.stdout === null || this.#child.stderr === null) throw new Error("no pipes");
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const said = JSON.parse(line) as Lesson | { ready: true };
      if ("ready" in said) {
        this.#isReady = true;
        return;
      }
      this.lessons.push(said);
      onLesson(said);
    });
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#errors.push(line);
      if (this.#errors.length > 50) this.#errors.shift();
    });
  }

  /** The TypeScript subscriber. */
  static async typescript(address: string, onLesson: (l: Lesson) => void): Promise<LearnerProcess> {
    const program = fileURLToPath(new URL("./learner.js", import.meta.url));
    const command = [process.execPath, program, address];
    return LearnerProcess.#start(new LearnerProcess("TypeScript", command, onLesson));
  }

  /** The Python learner. */
  static async python(address: string, onLesson: (l: Lesson) => void): Promise<LearnerProcess> {
    const program = fileURLToPath(new URL("../python/learner.py", import.meta.url));
    const command = [process.env["OPENDXA_PYTHON"] ?? "python3", program, address];
    return LearnerProcess.#start(new LearnerProcess("Python", command, onLesson));
  }

  static async #start(learner: LearnerProcess): Promise<LearnerProcess> {
    const isUp = () => learner.#isReady || learner.#child.exitCode !== null;
    await waitUntil(`the ${learner.language} learner subscribes`, isUp, stepTimeoutMs);
    if (learner.#isReady) return learner;
    throw new Error(`the ${learner.language} learner ended: ${learner.#errors.join("\n")}`);
  }

  /** Resolves when it printed so many different lessons. */
  async learned(count: number): Promise<void> {
    const ids = () => new Set(this.lessons.map(({ id }) => id)).size;
    const what = `the ${this.language} learner has ${count} lessons`;
    await waitUntil(what, () => ids() >= count, stepTimeoutMs);
  }

  /** Ends it. */
  stop(): void {
    this.#child.kill("SIGTERM");
  }
}
