/** Attempts of a download before it counts as impossible; registries have short outages. */
export const DOWNLOAD_ATTEMPTS_MAX = 3;

/** Pause before the second attempt, in milliseconds; it doubles from there. */
export const DOWNLOAD_PAUSE_MS = 3_000;

/** Longest that one install may take, in milliseconds; the slowest measured one took 60 s. */
export const INSTALL_TIMEOUT_MS = 8 * 60_000;

/** Output kept of a quiet command, in characters; a failing check shows the end of it. */
export const OUTPUT_KEPT_CHARACTERS_MAX = 200_000;

/** Minutes that `npm run test:real` may take in all: CI has 90 and `npm test` needs its share. */
export const REAL_LEGS_MINUTES_MAX = 60;
