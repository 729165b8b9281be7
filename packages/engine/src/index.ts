export * from "./engine-api.js";
