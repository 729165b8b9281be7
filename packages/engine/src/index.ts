export * from "./engine-api.js";
export * from "./environment.js";
export * from "./limits.js";
export * from "./open-engine.js";
