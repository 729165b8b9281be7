import { badRequest } from "@opendxa/pubsub-protocol";

/** Encoding of one message type, as generated. */
export interface WritableType {
  /** Serializes a message. */
  encode(message: never): { finish(): Uint8Array };
  /** Reads a message. */
  decode(bytes: Uint8Array): unknown;
  /** Fills in what is absent. */
  fromPartial(partial: never): unknown;
}

/** Levels of a request that are looked through: no message of the contract has as many. */
const LEVELS_MAX = 16;
/** Values of a refused request that are tried one by one to name the culprit. */
const LEAVES_MAX = 10_000;
/** Characters of a refused value that its error shows. */
const SHOWN_CHARS_MAX = 60;

interface Leaf {
  readonly path: string;
  readonly value: unknown;
  /** The request with nothing but this value. */
  readonly alone: unknown;
}

/**
 * Serializes a request. What a caller gave and its field cannot hold as it is, is refused here: a
 * number out of range would otherwise break the call or the whole stream, and a wrong type or an
 * unknown name would silently become something else.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule`
 */
export function writeRequest(type: WritableType, request: object): Buffer {
  const bytes = tryWrite(type, request);
  if (bytes === undefined) {
    let looked = 0;
    for (const { path, value, alone } of leavesOf(request)) {
      if (tryWrite(type, alone) === undefined) throw refused(path, value);
      looked += 1;
      if (looked === LEAVES_MAX) break;
    }
    throw badRequest("request", "a message of the contract");
  }
  checkCarried(request, type.decode(bytes), "", 0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tryWrite(type: WritableType, request: unknown): Uint8Array | undefined {
  try {
    return type.encode(type.fromPartial(request as never) as never).finish();
  } catch {
    return undefined;
  }
}

function* leavesOf(value: unknown, path = "", level = 0): Generator<Leaf> {
  if (!isNode(value) || level > LEVELS_MAX) {
    yield { path, value, alone: value };
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === "$case") continue;
    for (const leaf of leavesOf(inner, pathOf(path, value, key), level + 1)) {
      yield { ...leaf, alone: holding(value, key, leaf.alone) };
    }
  }
}

function holding(node: object, key: string, inner: unknown): unknown {
  if (Array.isArray(node)) return [inner];
  return "$case" in node ? { $case: node.$case, value: inner } : { [key]: inner };
}

function checkCarried(given: unknown, carried: unknown, path: string, level: number): void {
  if (given === undefined || given === null) return;
  if (!isNode(given)) {
    if (!isSame(given, carried)) throw refused(path, given);
    return;
  }
  if (!isNode(carried) || Array.isArray(given) !== Array.isArray(carried) || level > LEVELS_MAX) {
    throw refused(path, given);
  }
  for (const [key, inner] of Object.entries(given)) {
    const innerPath = pathOf(path, given, key);
    if (inner !== undefined && !Object.hasOwn(carried, key)) {
      throw badRequest(innerPath, "there is no such field");
    }
    checkCarried(inner, (carried as Record<string, unknown>)[key], innerPath, level + 1);
  }
}

/** A message, a list or a map; bytes are a value. */
function isNode(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

function isSame(given: unknown, carried: unknown): boolean {
  if (given instanceof Uint8Array && carried instanceof Uint8Array) {
    return Buffer.compare(given, carried) === 0;
  }
  // 64-bit fields also take whole numbers.
  if (typeof given === "number" && typeof carried === "bigint") return BigInt(given) === carried;
  return given === carried;
}

/** The value of a oneof is named by its case. */
function pathOf(path: string, node: object, key: string): string {
  const name = "$case" in node ? String(node.$case) : key;
  return path === "" ? name : `${path}.${name}`;
}

function refused(path: string, value: unknown): Error {
  return badRequest(path, `cannot be ${shown(value)}`);
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}...`;
}
