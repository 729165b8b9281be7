const counterBits = 40n;
const counterMask = (1n << counterBits) - 1n;
const startMask = (1n << 24n) - 1n;

/**
 * Numbers leases: the broker's start number in the upper 24 bits, a counter below. One per engine
 * and start, shared by all subscriptions, so that a token is never used twice even when a
 * subscription's resident state is dropped and restored within one start.
 */
export class LeaseTokens {
  readonly #start: bigint;
  #issued = 0n;

  /** @param startNumber from 1, one more with every start of the broker on this journal */
  constructor(startNumber: number) {
    this.#start = BigInt(startNumber) & startMask;
  }

  /** The next token. */
  next(): bigint {
    this.#issued += 1n;
    return (this.#start << counterBits) | (this.#issued & counterMask);
  }

  /** The highest token issued so far, by this start or an earlier one. */
  get newest(): bigint {
    return (this.#start << counterBits) | (this.#issued & counterMask);
  }

  /** Whether a token was issued by this start. */
  isOfThisStart(token: bigint): boolean {
    const counter = token & counterMask;
    return token >> counterBits === this.#start && counter > 0n && counter <= this.#issued;
  }

  /** Whether a token can have been issued, by this start or an earlier one. */
  wasIssued(token: bigint): boolean {
    const start = token >> counterBits;
    if (start === this.#start) return this.isOfThisStart(token);
    return start > 0n && start < this.#start && (token & counterMask) > 0n;
  }
}
