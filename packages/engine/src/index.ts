export * from "./backup.js";
export * from "./backup-error.js";
export * from "./backup-manifest.js";
export * from "./engine-api.js";
export * from "./environment.js";
export * from "./limits.js";
export * from "./open-engine.js";
export * from "./restore.js";
