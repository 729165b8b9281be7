/**
 * The broker as a program: its configuration schema, its exit codes and the list of what it does
 * not serve yet. Nothing imports an app; documentation and checks read these.
 *
 * @packageDocumentation
 */
export { type Config, configSchema } from "./config/config-schema.js";
export { type Setting, type SettingKind, settings } from "./config/settings-list.js";
export { EXIT_CODES, type ExitCode } from "./exit-codes.js";
export { notServed, type Part } from "./not-served.js";
