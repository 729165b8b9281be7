/**
 * Conformance cases of the contract, their map, and what runs them against a client library.
 *
 * @packageDocumentation
 */
export { CASES_FOLDER, type Case, loadCases, type Step } from "./case-file.js";
export { type CoverageMap, loadCoverageMap } from "./coverage-map.js";
export { type Answer, DriverProcess, type Failure, type Success } from "./driver-process.js";
export { type Language, languages } from "./languages.js";
export { runCase, type Stage } from "./run-case.js";
export { sentences } from "./sentences.js";
