import type { ChildProcess } from "node:child_process";

const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

// Whatever ends this process, its children must not outlive it.
process.once("exit", killAll);

/** Takes a child into ownership: it is ended, by its id, with this process or by {@link endOwned}. */
export function own(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

/** Ends every child that runs and waits for their ends, so that their folders can be removed. */
export async function endOwned(): Promise<void> {
  const ends = [...running].map(
    (child) => new Promise<void>((resolve) => child.once("exit", () => resolve())),
  );
  killAll();
  await Promise.all(ends);
}
