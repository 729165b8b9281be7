import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A client library with its driver. */
export interface Language {
  /** Name. */
  readonly name: string;
  /** Program and arguments of its driver. */
  readonly command: readonly string[];
  /** Why it cannot run here, if so. */
  readonly missing?: string;
}

const PYTHON_VARIABLE = "OPENDXA_PYTHON";

/** All client libraries. */
export function languages(environment: NodeJS.ProcessEnv = process.env): Language[] {
  const typescript = fileURLToPath(new URL("./driver/main.js", import.meta.url));
  return [
    { name: "typescript", command: [process.execPath, typescript] },
    python(environment[PYTHON_VARIABLE]),
  ];
}

function python(interpreter: string | undefined): Language {
  const driver = fileURLToPath(new URL("../drivers/python/driver.py", import.meta.url));
  const language = { name: "python", command: [interpreter ?? "python3", driver] };
  if (interpreter === undefined) return { ...language, missing: `${PYTHON_VARIABLE} is not set` };
  const { status } = spawnSync(interpreter, ["-c", "import opendxa_pubsub"]);
  return status === 0 ? language : { ...language, missing: "opendxa_pubsub cannot be imported" };
}
