/** Bytes of a segment in the simulated world: small, so that a short life fills several. */
export const SEGMENT_BYTES = 24 * 1_024;
/** Lives of one seed: what the last one left is what the next one starts from. */
export const LIVES = 3;
/** Steps of one life, most of them one call of the engine each. */
export const STEPS_OF_LIFE = 60;
/** Operations of the disk among which a power cut or a fault of a life strikes. */
export const STRIKE_WITHIN_OPERATIONS = 160;
/** Turns of the event loop in which something that must happen has happened, or never will. */
export const TURNS_MAX = 20_000;
/** Turns without a new entry after which an engine that nobody calls has nothing more to do. */
export const QUIET_TURNS = 20;
/** Faults that are printed of one seed. */
export const FAULTS_PRINTED_MAX = 5;
/** Seeds in which a deliberate defect must be noticed. */
export const CONTROL_SEEDS_MAX = 60;
