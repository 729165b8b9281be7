import { scenarioOfParts } from "../parts/scenario-of-parts.js";
import { backlog } from "./backlog.js";
import { fairness } from "./fairness.js";
import { fanOut } from "./fan-out.js";
import { idle } from "./idle.js";
import { matching } from "./matching.js";
import { settling } from "./settling.js";
import { fullSizes, quickSizes } from "./sizes.js";

/** What is promised of delivery: its cost, whatever else there is, and what settling writes. */
export const delivery = scenarioOfParts({
  name: "delivery",
  summary: "what is promised of delivery",
  parts: [matching, idle, fanOut, settling, fairness, backlog],
  fullSizes,
  quickSizes,
});
