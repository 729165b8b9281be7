import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { own } from "./processes/owned-processes.js";
import { withTimeLimit } from "./time-limit.js";

describe("withTimeLimit", () => {
  it("answers what the work answers, and its error as it is", async () => {
    expect(await withTimeLimit("work", 60_000, async () => 7)).toBe(7);
    const fault = new Error("fault");
    await expect(withTimeLimit("work", 60_000, () => Promise.reject(fault))).rejects.toBe(fault);
  });

  it("names work that is too long, and ends the processes that it waits for", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
    own(child);
    const ended = once(child, "exit");
    await expect(withTimeLimit("work", 1, () => ended)).rejects.toThrow(
      "work took longer than its limit of 0.001 s",
    );
    expect(await ended).toEqual([null, "SIGKILL"]);
  });
});
