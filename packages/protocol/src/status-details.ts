import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { ERROR_DETAILS_MAX, ERROR_TEXT_CHARS_MAX } from "./limits.js";

/** Domain of every ErrorInfo of this contract. */
export const ERROR_DOMAIN = "pubsub.opendxa";

const TYPE_PREFIX = "type.googleapis.com/";
const ERROR_INFO = `${TYPE_PREFIX}google.rpc.ErrorInfo`;
const RETRY_INFO = `${TYPE_PREFIX}google.rpc.RetryInfo`;
const BAD_REQUEST = `${TYPE_PREFIX}google.rpc.BadRequest`;

/** One violation of a BadRequest. */
export interface StatusFieldViolation {
  /** Path of the field. */
  readonly field: string;
  /** The rule that it breaks, in words. */
  readonly description: string;
}

/** What `google.rpc.Status` carries with the details that this contract uses. */
export interface StatusDetails {
  /** gRPC status. */
  readonly code: number;
  /** Text for people. */
  readonly message: string;
  /** Reason of the ErrorInfo, if there was one. */
  readonly reason?: string | undefined;
  /** Domain of the ErrorInfo, if there was one. */
  readonly domain?: string | undefined;
  /** Metadata of the ErrorInfo. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Delay of the RetryInfo in milliseconds, if there was one. */
  readonly retryAfterMs?: number | undefined;
  /** Violations of the BadRequest. */
  readonly fieldViolations: readonly StatusFieldViolation[];
}

/**
 * Serializes `google.rpc.Status` with ErrorInfo and, where they apply, RetryInfo and BadRequest.
 * Long texts are cut at ERROR_TEXT_CHARS_MAX characters, as trailers are bounded by every proxy.
 * Metadata goes by key, so that equal errors give equal bytes.
 */
export function encodeStatusDetails(details: StatusDetails): Uint8Array {
  const writer = new BinaryWriter();
  if (details.code !== 0) writer.uint32(8).int32(details.code);
  text(writer, 18, details.message);
  if (details.reason !== undefined) {
    any(writer, ERROR_INFO, (value) => errorInfo(value, details));
  }
  if (details.retryAfterMs !== undefined) {
    const delayMs = details.retryAfterMs;
    any(writer, RETRY_INFO, (value) => retryInfo(value, delayMs));
  }
  if (details.fieldViolations.length > 0) {
    any(writer, BAD_REQUEST, (value) => badRequest(value, details));
  }
  return writer.finish();
}

function text(writer: BinaryWriter, tag: number, value: string): void {
  const cut =
    value.length > ERROR_TEXT_CHARS_MAX ? `${value.slice(0, ERROR_TEXT_CHARS_MAX)}…` : value;
  if (cut !== "") writer.uint32(tag).string(cut);
}

function any(writer: BinaryWriter, type: string, write: (value: BinaryWriter) => void): void {
  writer.uint32(26).fork().uint32(10).string(type).uint32(18).fork();
  write(writer);
  writer.join().join();
}

function errorInfo(
  writer: BinaryWriter,
  { reason = "", domain = "", metadata }: StatusDetails,
): void {
  text(writer, 10, reason);
  text(writer, 18, domain);
  for (const key of Object.keys(metadata).sort().slice(0, ERROR_DETAILS_MAX)) {
    writer.uint32(26).fork();
    text(writer, 10, key);
    text(writer, 18, metadata[key] ?? "");
    writer.join();
  }
}

function retryInfo(writer: BinaryWriter, delayMs: number): void {
  const seconds = Math.floor(delayMs / 1000);
  const nanos = Math.round((delayMs - seconds * 1000) * 1e6);
  writer.uint32(10).fork();
  if (seconds !== 0) writer.uint32(8).int64(BigInt(seconds));
  if (nanos !== 0) writer.uint32(16).int32(nanos);
  writer.join();
}

function badRequest(writer: BinaryWriter, { fieldViolations }: StatusDetails): void {
  for (const { field, description } of fieldViolations.slice(0, ERROR_DETAILS_MAX)) {
    writer.uint32(10).fork();
    text(writer, 10, field);
    text(writer, 18, description);
    writer.join();
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Building = Mutable<Omit<StatusDetails, "metadata" | "fieldViolations">> & {
  metadata: Record<string, string>;
  fieldViolations: { field: string; description: string }[];
};

/**
 * Reads a serialized `google.rpc.Status`. Details of other types are passed over.
 *
 * @returns what it carries, or undefined when the bytes are no Status: a trailer is not worth a
 * second error
 */
export function decodeStatusDetails(bytes: Uint8Array): StatusDetails | undefined {
  const details: Building = { code: 0, message: "", metadata: {}, fieldViolations: [] };
  try {
    fields(bytes, (tag, reader) => {
      if (tag === 8) details.code = reader.int32();
      else if (tag === 18) details.message = reader.string();
      else if (tag === 26) readAny(reader.bytes(), details);
      else return false;
      return true;
    });
  } catch {
    return undefined;
  }
  return details;
}

/** Calls `visit` for every field; what it does not take is skipped. */
function fields(bytes: Uint8Array, visit: (tag: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (!visit(tag, reader)) reader.skip(tag & 7);
  }
}

/** Two texts in fields 1 and 2: the shape of Any's name, of map entries and of violations. */
function pair(bytes: Uint8Array): [string, string] {
  const found: [string, string] = ["", ""];
  fields(bytes, (tag, reader) => {
    if (tag !== 10 && tag !== 18) return false;
    found[tag === 10 ? 0 : 1] = reader.string();
    return true;
  });
  return found;
}

function readAny(bytes: Uint8Array, details: Building): void {
  let type = "";
  let value: Uint8Array = new Uint8Array(0);
  fields(bytes, (tag, reader) => {
    if (tag === 10) type = reader.string();
    else if (tag === 18) value = reader.bytes();
    else return false;
    return true;
  });
  if (type === ERROR_INFO) readErrorInfo(value, details);
  else if (type === RETRY_INFO) readRetryInfo(value, details);
  else if (type === BAD_REQUEST) readBadRequest(value, details);
}

function readErrorInfo(bytes: Uint8Array, details: Building): void {
  details.reason = "";
  details.domain = "";
  const metadata: [string, string][] = [];
  fields(bytes, (tag, reader) => {
    if (tag === 10) details.reason = reader.string();
    else if (tag === 18) details.domain = reader.string();
    else if (tag === 26) metadata.push(pair(reader.bytes()));
    else return false;
    return true;
  });
  details.metadata = Object.fromEntries(metadata);
}

function readRetryInfo(bytes: Uint8Array, details: Building): void {
  details.retryAfterMs = 0;
  fields(bytes, (tag, reader) => {
    if (tag !== 10) return false;
    fields(reader.bytes(), (inner, duration) => {
      if (inner === 8)
        details.retryAfterMs = Number(duration.int64()) * 1000 + (details.retryAfterMs ?? 0);
      else if (inner === 16)
        details.retryAfterMs = (details.retryAfterMs ?? 0) + duration.int32() / 1e6;
      else return false;
      return true;
    });
    return true;
  });
}

function readBadRequest(bytes: Uint8Array, details: Building): void {
  fields(bytes, (tag, reader) => {
    if (tag !== 10) return false;
    const [field, description] = pair(reader.bytes());
    details.fieldViolations.push({ field, description });
    return true;
  });
}
