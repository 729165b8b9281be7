/** Bytes of a segment in the simulated world: small, so that a short life fills several. */
export const SEGMENT_BYTES = 12 * 1_024;
/** Bytes that a segment must have to be rewritten in the simulated world. */
export const REWRITE_BYTES_MIN = 512;
/** Lives of one seed: what the last one left is what the next one starts from. */
export const LIVES = 3;
/** Steps of one life, most of them one call of the engine each. */
export const STEPS_OF_LIFE = 80;
/** Operations of the disk among which a power cut or a fault of a life strikes. */
export const STRIKE_WITHIN_OPERATIONS = 400;
/** Reads of a recovery among which one fails. */
export const READ_FAULT_WITHIN = 60;
/** Turns of the event loop in which something that must happen has happened, or never will. */
export const TURNS_MAX = 20_000;
/** Turns without a new entry after which an engine that nobody calls has nothing more to do. */
export const QUIET_TURNS = 20;
/** Turns of the event loop that an operation of a slow disk takes at most. */
export const SLOW_TURNS_MAX = 3;
/** Bytes of the simulated disk that must stay free. */
export const RESERVE_BYTES = 256 * 1_024;
/** Bytes that a disk which gets full has left at most when a life begins. */
export const FULL_DISK_BYTES_MAX = 160 * 1_024;
/** Retention of the topic whose events get old, in milliseconds. */
export const AGED_RETENTION_MS = 120_000;
/** Bytes that the topic with a bound on bytes may keep. */
export const BOUNDED_RETENTION_BYTES = 8_000;
/** Seconds that a judge lets pass at most until what left is counted. */
export const COUNTED_WITHIN_SECONDS = 180;
/** Faults that are printed of one seed. */
export const FAULTS_PRINTED_MAX = 5;
/** Seeds in which a deliberate defect must be noticed. */
export const CONTROL_SEEDS_MAX = 60;
/** Seeds of one run from which on it must have tried everything that it names. */
export const THOROUGH_SEEDS = 100;
