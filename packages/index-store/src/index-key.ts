import type { IndexScope } from "./index-store.js";
import { IndexStoreError } from "./index-store-error.js";
import { checkLimit, type IndexStoreLimits } from "./limits.js";

const KEY = /^[\x20-\x7e]+$/;
const BOUND = /^[\x20-\x7f]*$/;

/** Sorts after every key that starts with the text before it. */
const AFTER_EVERY_KEY = "\x7f";

/** Throws unless the key is printable ASCII of 1 to `keyBytesMax` bytes. */
export function checkKey(key: string, limits: IndexStoreLimits): void {
  checkLimit(limits, "keyBytesMax", key.length);
  if (KEY.test(key)) return;
  throw new IndexStoreError(
    "key_invalid",
    `A key is 1 to ${limits.keyBytesMax} characters of printable ASCII, not ${JSON.stringify(key)}`,
  );
}

/** The keys from `gte` on that lie before `lt`. */
export interface PrefixScope {
  /** First key. */
  readonly gte: string;
  /** First key behind the scope. */
  readonly lt: string;
}

/** The scope of all keys that begin with `prefix`. */
export function prefixScope(prefix: string): PrefixScope {
  return { gte: prefix, lt: prefix + AFTER_EVERY_KEY };
}

/** The scope of all keys. */
export const EVERY_KEY = { gte: "\x20", lt: AFTER_EVERY_KEY } as const;

/** A checked scope: no empty bounds, at most one on each side. */
export type CheckedScope = IndexScope;

/**
 * Checks a scope and drops bounds that do not bound. Returns `undefined` where no key can be in
 * it, which spares drivers the engines' different readings of an empty upper bound.
 */
export function checkScope(scope: IndexScope, limits: IndexStoreLimits): CheckedScope | undefined {
  const { gte, gt, lt, lte, reverse } = scope;
  if (gte !== undefined && gt !== undefined) throw new TypeError("A range takes gte or gt");
  if (lte !== undefined && lt !== undefined) throw new TypeError("A range takes lte or lt");
  const lower = checkBound(gte ?? gt, limits);
  const upper = checkBound(lte ?? lt, limits);
  if (upper === "" || (upper !== undefined && upper < (lower ?? ""))) return undefined;
  return { ...lowerBound(scope, lower), ...upperBound(scope, upper), reverse: reverse ?? false };
}

function lowerBound({ gte }: IndexScope, lower: string | undefined): IndexScope {
  // An empty lower bound is below every key; engines disagree on it.
  if (lower === undefined || lower === "") return {};
  return gte === undefined ? { gt: lower } : { gte: lower };
}

function upperBound({ lte }: IndexScope, upper: string | undefined): IndexScope {
  if (upper === undefined) return {};
  return lte === undefined ? { lt: upper } : { lte: upper };
}

function checkBound(bound: string | undefined, limits: IndexStoreLimits): string | undefined {
  if (bound === undefined) return undefined;
  // One more than a key, so that a prefix of the full length can still be scanned.
  if (bound.length > limits.keyBytesMax + 1) checkLimit(limits, "keyBytesMax", bound.length);
  if (BOUND.test(bound)) return bound;
  throw new IndexStoreError(
    "key_invalid",
    `A bound of a range is printable ASCII or 0x7f, not ${JSON.stringify(bound)}`,
  );
}

/** What is left of a scope after an entry of it, in the scope's own direction. */
export function scopeAfter(scope: CheckedScope, key: string): CheckedScope {
  if (scope.reverse) return { gte: scope.gte, gt: scope.gt, lt: key, reverse: true };
  return { gt: key, lt: scope.lt, lte: scope.lte, reverse: false };
}
