import type { Scenario } from "../scenario.js";
import { executions } from "./executions.js";
import { smoke } from "./smoke.js";

/** Every scenario, in the order of the list. */
export const scenarios: readonly Scenario[] = [smoke, executions];
