import { spawn } from "node:child_process";
import { BROKER_BINARY } from "@opendxa/pubsub-testkit";
import { walkThrough } from "./walk-through.js";

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Serves ./.opendxa-pubsub on the default ports until it is stopped; answers its exit code. */
function serve(): Promise<number> {
  const broker = spawn(process.execPath, [BROKER_BINARY, "serve"], { stdio: "inherit" });
  const pass = (signal: NodeJS.Signals): void => {
    broker.kill(signal);
  };
  process.on("SIGINT", pass);
  process.on("SIGTERM", pass);
  return new Promise((resolve, reject) => {
    broker.once("error", reject);
    broker.once("exit", (code) => resolve(code ?? 0));
  });
}

const isClean = await walkThrough(say);
if (process.argv.includes("--once") || !isClean) {
  process.exitCode = isClean ? 0 : 1;
} else {
  say("");
  say(
    "Now a broker serves ./.opendxa-pubsub: gRPC on 127.0.0.1:50051, webhooks on 127.0.0.1:8051.",
  );
  say("Next: the examples in README.md, in another terminal. Ctrl+C stops the broker.");
  process.exitCode = await serve();
}
