/**
 * Benchmarks of the broker, each beside what the machine itself can do.
 *
 * @packageDocumentation
 */
export type { Report, ReportedFigure } from "./report/report.js";
export type { Figure, Result } from "./report/result.js";
export type { Scenario, ScenarioOptions } from "./scenario.js";
export { scenarios } from "./scenarios/registry.js";
