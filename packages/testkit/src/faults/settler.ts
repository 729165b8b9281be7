import type { Consumer } from "@opendxa/pubsub-engine";
import type { Verdicts } from "@opendxa/pubsub-protocol";
import type { SeededRandom } from "@opendxa/pubsub-simulated";
import type { Inbox, Leased } from "./inbox.js";
import type { Witness } from "./witness.js";

interface Sent {
  readonly events: readonly Leased[];
  /** Newest event of durability OS that was acknowledged before. */
  readonly newest: string | undefined;
}

/** Settles what a consumer was given, and notes what it was told of that. */
export class Settler {
  readonly #witness: Witness;
  readonly #sent = new Map<bigint, Sent>();
  #settlements = 0n;

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /** Acks some of what is there, and nacks one now and then. */
  settle(consumer: Consumer, inbox: Inbox, random: SeededRandom): void {
    const taken = inbox.leased.splice(0, random.nextInt(0, inbox.leased.length));
    if (taken.length === 0) return;
    const nacked = random.nextBoolean(0.2) ? taken.splice(0, 1) : [];
    this.#settlements += 1n;
    const rangeOf = ({ lease, sequence, index }: Leased) => ({
      lease,
      sequence,
      ranges: [{ first: index, last: index }],
    });
    const newest = this.#witness.unsynced.at(-1);
    this.#sent.set(this.#settlements, { events: taken, newest });
    for (const { key } of taken) this.#witness.settlementSent.add(key);
    consumer.settle({
      number: this.#settlements,
      acks: taken.map(rangeOf),
      nacks: nacked.map((event) => ({ events: rangeOf(event), delayMs: 1_000, reason: "later" })),
      extensions: [],
    });
  }

  /** What is named by an exception was not settled: its lease had ended. */
  settled({ throughNumber, exceptions }: Verdicts): void {
    const isExcepted = ({ sequence, index }: Leased) =>
      exceptions.some(
        ({ events }) =>
          events?.sequence === sequence &&
          events.ranges.some(({ first, last }) => first <= index && index <= last),
      );
    for (const [number, { events, newest }] of this.#sent) {
      if (number > throughNumber) continue;
      this.#sent.delete(number);
      const settled = events.filter((event) => !isExcepted(event));
      for (const { key } of settled) this.#witness.settled.add(key);
      if (settled.length > 0) this.#witness.synced(newest);
    }
  }
}
