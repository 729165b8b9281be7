/**
 * A real broker in a process of its own, for tests and benchmarks.
 *
 * @packageDocumentation
 */
export type { ProcessExit, StartLine } from "./broker-process.js";
export type {
  CrashFigures,
  CrashMinimums,
  PublisherLanguage,
  PublisherShare,
} from "./crash/crash-minimums.js";
export { type CrashReport, type CrashTestOptions, crashTest } from "./crash/crash-test.js";
export type { Verdict } from "./crash/judge.js";
export { CONDITION_TIMEOUT_MS, START_TIMEOUT_MS, STOP_TIMEOUT_MS } from "./limits.js";
export { Relay } from "./relay.js";
export {
  BROKER_BINARY,
  RunningBroker,
  type StartBrokerOptions,
  startBroker,
} from "./running-broker.js";
export { waitUntil, within } from "./wait-until.js";
