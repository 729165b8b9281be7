import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config/config-schema.js";

/** Fields that could hold what nobody may read in a log, whoever logs them. */
const SECRET_FIELDS = ["secrets", "secret", "authorization", "body", "data", "headers"];

const STDERR = 2;

/** Makes the log: JSON lines on stderr, written at once so that nothing is lost with the process. */
export function makeLogger(level: Config["logLevel"]): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
    },
    destination({ fd: STDERR, sync: true }),
  );
}
