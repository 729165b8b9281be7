import { PubSubError } from "@opendxa/pubsub-protocol";
import type { BrokerWorld, SimulatedBroker } from "./simulated-broker.js";
import type { ProcessHistory } from "./simulated-history.js";
import type { SimulationPlan } from "./simulation-plan.js";

/** Somebody beside the broker who asks it where every event is. */
export class SimulatedOperator {
  readonly #world: BrokerWorld;
  readonly #broker: SimulatedBroker;
  readonly #plan: SimulationPlan;
  readonly #history: ProcessHistory;

  constructor(parts: {
    readonly world: BrokerWorld;
    readonly broker: SimulatedBroker;
    readonly plan: SimulationPlan;
    readonly history: ProcessHistory;
  }) {
    this.#world = parts.world;
    this.#broker = parts.broker;
    this.#plan = parts.plan;
    this.#history = parts.history;
  }

  /** Notes where all events of all subscriptions are; of a broker that ends meanwhile, nothing. */
  async account(): Promise<void> {
    for (const { sub } of this.#plan.subscriptions) await this.#accountOf(sub);
  }

  async #accountOf(sub: string): Promise<void> {
    const { engine } = this.#broker;
    if (engine === undefined) return;
    const asked = Math.floor(this.#world.clock.now());
    try {
      const answer = await engine.getAccounting(sub);
      if (this.#broker.engine !== engine) return;
      this.#history.write({
        k: "accounting",
        sub,
        asked,
        sequence: Number(answer.sequence),
        epoch: answer.epoch,
        entered: Number(answer.entered),
        acked: Number(answer.acked),
        deadLettered: Number(answer.deadLettered),
        expired: Number(answer.expired),
        filtered: Number(answer.filtered),
        skipped: Number(answer.skipped),
        leased: Number(answer.leased),
        waiting: Number(answer.waiting),
        unexamined: Number(answer.unexamined),
      });
    } catch (error) {
      if (this.#broker.engine !== engine || isNotCreated(error)) return;
      this.#world.fault(`the accounting of ${sub}: ${error}`);
    }
  }
}

/** It is created by its first consumer. */
function isNotCreated(error: unknown): boolean {
  return error instanceof PubSubError && error.reason === "SUBSCRIPTION_NOT_FOUND";
}
