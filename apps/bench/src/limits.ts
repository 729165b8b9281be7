const MIB = 1024 * 1024;

/** Rounds of a scenario where none are asked for: the median of five is not one lucky round. */
export const ROUNDS_DEFAULT = 5;
/** Rounds of a scenario at most. */
export const ROUNDS_MAX = 100;
/** Length of one measurement in milliseconds where none is asked for. */
export const MEASURE_MS_DEFAULT = 2_000;
/** Length of one measurement at most, in milliseconds. */
export const MEASURE_MS_MAX = 600_000;
/** Load before a measurement begins, in milliseconds: compiled code and grown windows. */
export const WARM_UP_MS = 1_000;

/** Longest wait for a broker to serve or to end, in milliseconds: a busy machine needs seconds. */
export const BROKER_WAIT_MS = 60_000;
/** Longest wait for a child process beyond the time that it measures, in milliseconds. */
export const CHILD_WAIT_MS = 30_000;

/** Bytes of a block in the disk's sequential figure. */
export const SEQUENTIAL_BLOCK_BYTES = MIB;
/** Bytes of a block in the disk's latency figure. */
export const SYNC_BLOCK_BYTES = 4 * 1024;
/** Length of each of the disk's two measurements in milliseconds: it stands in every round. */
export const DISK_MEASURE_MS = 500;
/** Bytes that one disk measurement writes at most: benchmarks must not fill a disk. */
export const DISK_BYTES_MAX = 4_096 * MIB;

/** Free bytes from which on a file system in memory has room for the data of a broker. */
export const MEMORY_FOLDER_BYTES_MIN = 4_096 * MIB;

/** Events of one frame in the smoke scenario: about 200 KB, what the clients' batches grow to. */
export const SMOKE_FRAME_EVENTS = 1_000;
/** Bytes of one event, head and body, in the smoke scenario. */
export const SMOKE_EVENT_BYTES = 200;
/** Unacknowledged frames in the smoke scenario; more only wait in a queue (decision 0001). */
export const SMOKE_FRAMES_IN_FLIGHT = 16;

/** Executions that the executions scenario registers where no other number is asked for. */
export const EXECUTIONS_DEFAULT = 1_000_000;
/** Executions at most. */
export const EXECUTIONS_MAX = 10_000_000;
/** Unanswered registrations: group commit takes all of them at once. */
export const REGISTRATIONS_IN_FLIGHT = 512;
/** Executions that are asked for after the restart, spread over all. */
export const EXECUTIONS_CHECKED = 100;
/** Longest that all registrations may take, in milliseconds. */
export const REGISTRATION_WAIT_MS = 3_600_000;

/** Longest that the smoke or the executions scenario may take, in milliseconds. */
export const SCENARIO_LIMIT_MS = 3_600_000;
