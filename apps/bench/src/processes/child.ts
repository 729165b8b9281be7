import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { own } from "./owned-processes.js";

/** What a child is asked to do, and how long it may take. */
export interface RunChildOptions<Task> {
  /** Its file in `children/`, without extension. */
  readonly name: string;
  /** Its task; plain data. */
  readonly task: Task;
  /** After so many milliseconds it is ended and counts as failed. */
  readonly timeoutMs: number;
  /** It is meant to fail: what it says of that is not shown. */
  readonly isCutOff?: boolean;
}

/** Runs a program of `children/` to its end and answers what it measured. */
export async function runChild<Task extends object, Answer>(
  options: RunChildOptions<Task>,
): Promise<Answer> {
  const child = forkChild(options);
  try {
    return await withEnd(child, options.timeoutMs, answerOf<Answer>(child, options.name));
  } finally {
    child.kill();
  }
}

/** What a child answers, unless it takes so long that it is ended. */
async function withEnd<T>(child: ChildProcess, timeoutMs: number, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/** A child that goes on after its answer until it is stopped. */
export interface StartedChild<Answer, Next = never> {
  /** What it said when it was ready. */
  readonly answer: Answer;
  /** What it says when it has ended its task; ask before it can say it. */
  readonly next: (timeoutMs: number) => Promise<Next>;
  /** Ends it. */
  readonly stop: () => void;
}

/** Starts a program of `children/` that goes on after it said that it is ready. */
export async function startChild<Task extends object, Answer, Next = never>(
  options: RunChildOptions<Task>,
): Promise<StartedChild<Answer, Next>> {
  const child = forkChild(options);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs);
  try {
    return {
      answer: await answerOf<Answer>(child, options.name),
      next: (timeoutMs) => withEnd(child, timeoutMs, answerOf<Next>(child, options.name)),
      stop: () => void child.kill(),
    };
  } finally {
    clearTimeout(timer);
  }
}

function forkChild({ name, task, isCutOff }: RunChildOptions<object>): ChildProcess {
  const file = fileURLToPath(new URL(`../children/${name}.js`, import.meta.url));
  const child = fork(file, [], {
    serialization: "advanced",
    stdio: ["ignore", "inherit", isCutOff === true ? "ignore" : "inherit", "ipc"],
  });
  own(child);
  child.send(task);
  return child;
}

function answerOf<Answer>(child: ChildProcess, name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as Answer));
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new Error(`${name} ended with ${code ?? signal} before it answered`)),
    );
  });
}

/** In a child: waits for the task, runs it and sends the answer. A fault ends the process. */
export async function answerTask<Task, Answer>(run: (task: Task) => Promise<Answer>) {
  process.once("disconnect", () => process.exit());
  const task = await new Promise<Task>((resolve) => process.once("message", resolve as never));
  const answer = await run(task);
  process.send?.(answer);
}
