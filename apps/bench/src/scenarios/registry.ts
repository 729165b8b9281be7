import type { Scenario } from "../scenario.js";
import { delivery } from "./delivery/delivery.js";
import { executions } from "./executions.js";
import { smoke } from "./smoke.js";
import { storage } from "./storage/storage.js";

/** Every scenario, in the order of the list. */
export const scenarios: readonly Scenario[] = [smoke, executions, storage, delivery];
