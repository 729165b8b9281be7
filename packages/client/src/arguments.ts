import { badRequest, isInt64 } from "@opendxa/pubsub-protocol";

/** A whole number within its bounds. @throws {@link PubSubError} BAD_REQUEST */
export function whole(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw badRequest(field, `a whole number of ${least} to ${most}`);
}

/** A text. @throws {@link PubSubError} BAD_REQUEST */
export function text(field: string, value: string): string {
  // A caller in JavaScript may give anything.
  if (typeof (value as unknown) === "string") return value;
  throw badRequest(field, "a text");
}

/** A list, as a new one. @throws {@link PubSubError} BAD_REQUEST */
export function list<T>(field: string, value: readonly T[]): T[] {
  if (Array.isArray(value)) return [...(value as readonly T[])];
  throw badRequest(field, "a list");
}

/** One of several values. @throws {@link PubSubError} BAD_REQUEST that lists them */
export function oneOf<T extends string | number>(
  field: string,
  value: T,
  choices: readonly T[],
): T {
  if (choices.includes(value)) return value;
  throw badRequest(field, `one of ${choices.join(", ")}`);
}

/** Milliseconds since the Unix epoch as 64 signed bits hold them. @throws {@link PubSubError} BAD_REQUEST */
export function unixMs(field: string, value: bigint): bigint {
  if (isInt64(value)) return value;
  throw badRequest(field, "a bigint of 64 bits");
}

/** A date as milliseconds since the Unix epoch. @throws {@link PubSubError} BAD_REQUEST */
export function dateMs(field: string, value: Date): number {
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.getTime();
  throw badRequest(field, "a valid Date");
}
