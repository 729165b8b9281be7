/** Numbers of EventHead's fields, as ScannedHeads names them. */
export const HEAD_FIELD = {
  /** Event id. */
  id: 1,
  /** Source. */
  source: 2,
  /** Type. */
  type: 3,
  /** Subject. */
  subject: 4,
  /** When it happened. */
  timeUnixNs: 5,
  /** Correlation id. */
  correlationId: 6,
  /** Causation id. */
  causationId: 7,
  /** Ordering key. */
  orderingKey: 8,
  /** When it expires. */
  expireTimeUnixMs: 9,
  /** Length of the body. */
  bodyLength: 10,
} as const;

/** A text field of EventHead. */
export type HeadTextField =
  | "id"
  | "source"
  | "type"
  | "subject"
  | "correlationId"
  | "causationId"
  | "orderingKey";

/** Highest number of a field that this version knows. */
export const HEAD_FIELD_MAX = 10;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

/** Wire type of each field, by number. */
export const HEAD_WIRE_TYPES = [
  -1,
  LENGTH,
  LENGTH,
  LENGTH,
  LENGTH,
  FIXED64,
  LENGTH,
  LENGTH,
  LENGTH,
  FIXED64,
  VARINT,
] as const;
