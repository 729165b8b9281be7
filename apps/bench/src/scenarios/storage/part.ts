import type * as parts from "../parts/part.js";
import type { StorageSizes } from "./sizes.js";

export type { PartResult } from "../parts/part.js";
export { inRounds } from "../parts/part.js";

/** What a part of the storage scenario is given. */
export type PartContext = parts.PartContext<StorageSizes>;

/** One question of the storage scenario. */
export type StoragePart = parts.Part<StorageSizes>;
