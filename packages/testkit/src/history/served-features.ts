/**
 * Settings that a history run uses, each of which an older broker refuses as NOT_SERVED_YET. This is the one
 * place: a setting becomes `true` here together with the change that serves it. What needs an RPC (skips,
 * seeks, pauses, accounting) needs no entry: the run looks at `GetBroker.not_served`.
 */
export const SERVED_SETTINGS = {
  /** `order` KEY of a subscription. */
  keyOrder: true,
  /** `attempts_max` of a subscription, and dead letters with it. */
  attemptsMax: true,
  /** Lanes of priority. */
  priorities: true,
  /** `deliver_time_unix_ms` of a batch. */
  scheduled: true,
  /** `expire_time_unix_ms` of an event keeps it from being delivered. */
  expiry: true,
  /** The answer to a stream that is opened right after a seek names the new epoch, on which histories rely. */
  epochsOfOpenedStreams: true,
  /** A batch that is sent again after a crash answers its duplicates by id with their originals' offsets. */
  duplicatesOfRepeatedBatches: true,
};
