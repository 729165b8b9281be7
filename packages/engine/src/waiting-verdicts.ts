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
  readonly exceptions: readonly SettlementException[];
}

/** Verdicts that wait until what they say is durable. */
export class WaitingVerdicts {
  #waiting: WaitingVerdict[] = [];

  /** Adds one of a consumer's stream. */
  add(consumerId: bigint, number: bigint, exceptions: readonly SettlementException[]): void {
    this.#waiting.push({ settler: { consumerId, number }, exceptions });
  }

  /** Adds one of a call; resolves when it is durable. */
  addCall(exceptions: readonly SettlementException[]): Promise<SettlementException[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ settler: { consumerId: undefined, resolve, reject }, exceptions });
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

  /** Says them: one message a consumer. */
  answer(sinks: ReadonlyMap<bigint, ConsumerSink>): void {
    const byConsumer = new Map<bigint, { through: bigint; exceptions: SettlementException[] }>();
    for (const { settler, exceptions } of this.#waiting.splice(0)) {
      if (settler.consumerId === undefined) {
        settler.resolve([...exceptions]);
        continue;
      }
      const { consumerId, number } = settler;
      const answer = byConsumer.get(consumerId) ?? { through: 0n, exceptions: [] };
      answer.through = number;
      answer.exceptions.push(...exceptions);
      byConsumer.set(consumerId, answer);
    }
    for (const [consumerId, { through, exceptions }] of byConsumer) {
      sinks.get(consumerId)?.verdicts({ throughNumber: through, exceptions });
    }
  }
}
