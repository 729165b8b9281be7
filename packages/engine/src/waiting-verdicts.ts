import type { SettleOutcome } from "@opendxa/pubsub-core";
import type { SettlementException } from "@opendxa/pubsub-protocol";
import type { ConsumerSink } from "./engine-api.js";

/** Who settled: a consumer in its stream, or a caller known by the tokens alone. */
type Settler =
  | { readonly consumerId: bigint; readonly number: bigint }
  | {
      readonly consumerId: undefined;
      readonly resolve: (exceptions: SettlementException[]) => void;
      readonly reject: (error: Error) => void;
    };

interface WaitingVerdict {
  readonly settler: Settler;
  readonly outcome: SettleOutcome;
}

/** Verdicts that wait until what they say is durable. */
export class WaitingVerdicts {
  #waiting: WaitingVerdict[] = [];

  /** Adds one of a consumer's stream. */
  add(consumerId: bigint, number: bigint, outcome: SettleOutcome): void {
    this.#waiting.push({ settler: { consumerId, number }, outcome });
  }

  /** Adds one of a call; resolves when it is durable. */
  addCall(outcome: SettleOutcome): Promise<SettlementException[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ settler: { consumerId: undefined, resolve, reject }, outcome });
    });
  }

  /** Takes all that wait now, to answer them when the entry that follows is durable. */
  take(): WaitingVerdicts {
    const taken = new WaitingVerdicts();
    taken.#waiting = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Nothing of it will be durable. */
  fail(error: Error): void {
    for (const { settler } of this.#waiting.splice(0)) {
      if (settler.consumerId === undefined) settler.reject(error);
    }
  }

  /** Takes out what waits for dead letters, and what its consumers said later. */
  takeDooming(): WaitingVerdicts {
    const taken = new WaitingVerdicts();
    if (!this.#waiting.some(({ outcome }) => outcome.isDooming)) return taken;
    const blocked = new Set<bigint>();
    const rest: WaitingVerdict[] = [];
    for (const waiting of this.#waiting) {
      const { consumerId } = waiting.settler;
      const isBlocked = consumerId !== undefined && blocked.has(consumerId);
      if (!isBlocked && !waiting.outcome.isDooming) {
        rest.push(waiting);
        continue;
      }
      taken.#waiting.push(waiting);
      if (consumerId !== undefined) blocked.add(consumerId);
    }
    this.#waiting = rest;
    return taken;
  }

  /** Consumers that wait for one. */
  get consumers(): ReadonlySet<bigint> {
    const ids = this.#waiting.map(({ settler }) => settler.consumerId);
    return new Set(ids.filter((id) => id !== undefined));
  }

  /** Puts back what was taken, before what came since. */
  putBack(taken: WaitingVerdicts): void {
    this.#waiting = [...taken.#waiting.splice(0), ...this.#waiting];
  }

  /** Says them: one message a consumer. */
  answer(sinks: ReadonlyMap<bigint, ConsumerSink>): void {
    const byConsumer = new Map<bigint, { through: bigint; exceptions: SettlementException[] }>();
    for (const { settler, outcome } of this.#waiting.splice(0)) {
      const { verdicts } = outcome;
      if (settler.consumerId === undefined) {
        settler.resolve([...verdicts]);
        continue;
      }
      const { consumerId, number } = settler;
      const answer = byConsumer.get(consumerId) ?? { through: 0n, exceptions: [] };
      answer.through = number;
      answer.exceptions.push(...verdicts);
      byConsumer.set(consumerId, answer);
    }
    for (const [consumerId, { through, exceptions }] of byConsumer) {
      sinks.get(consumerId)?.verdicts({ throughNumber: through, exceptions });
    }
  }
}
