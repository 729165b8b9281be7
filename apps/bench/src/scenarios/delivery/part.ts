import type * as parts from "../parts/part.js";
import type { DeliverySizes } from "./sizes.js";

export { inRounds } from "../parts/part.js";

/** What a part of the delivery scenario is given. */
export type PartContext = parts.PartContext<DeliverySizes>;

/** One question of the delivery scenario. */
export type DeliveryPart = parts.Part<DeliverySizes>;
