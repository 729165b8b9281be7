import { scenarioOfParts } from "../parts/scenario-of-parts.js";
import { append } from "./append.js";
import { checkpoint } from "./checkpoint.js";
import { diskUse } from "./disk-use.js";
import { emptyStart } from "./empty-start.js";
import { journals } from "./journals.js";
import { memory } from "./memory.js";
import { recovery } from "./recovery.js";
import { retention } from "./retention.js";
import { fullSizes, quickSizes } from "./sizes.js";
import { topics } from "./topics.js";

/** Everything that is promised of storage: append, recovery, memory, place on disk, retention. */
export const storage = scenarioOfParts({
  name: "storage",
  summary: "what is promised of storage",
  parts: [append, emptyStart, checkpoint, topics, journals, diskUse, memory, recovery, retention],
  fullSizes,
  quickSizes,
});
