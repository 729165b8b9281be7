import { fileURLToPath } from "node:url";

/** Environment variable that names the program of another build of the broker. */
const VARIABLE = "BENCH_BROKER";

/** The broker's program: that of this repository, or of another build that is to be compared. */
export function brokerProgram(): string {
  const other = process.env[VARIABLE];
  if (other !== undefined) return other;
  return fileURLToPath(new URL("main.cjs", import.meta.resolve("@opendxa/pubsub-broker")));
}
