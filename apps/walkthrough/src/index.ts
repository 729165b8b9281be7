/**
 * The walk-through behind `npm start`.
 *
 * @packageDocumentation
 */
export { walkThrough } from "./walk-through.js";
