/**
 * Pure domain of the broker: state machines without I/O, clock or random.
 *
 * @packageDocumentation
 */
export * from "./state/key-text.js";
export * from "./state/operation.js";
export * from "./state/state-key.js";
export * from "./state/state-keys.js";
