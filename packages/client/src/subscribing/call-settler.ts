import type { Settlement, SettleResponse } from "@opendxa/pubsub-protocol";
import type { ReceivedEvent, Settler } from "./received-event.js";
import { type NackOptions, type SettlementOutcome, Settlements } from "./settlements.js";

/** Settles by calls instead of a stream: what one turn says of events goes out as one call. */
export class CallSettler implements Settler {
  readonly name: string;
  readonly #settlements = new Settlements();
  readonly #send: (settlement: Settlement) => Promise<SettleResponse>;
  #running: Promise<void> | undefined;

  constructor(name: string, send: (settlement: Settlement) => Promise<SettleResponse>) {
    this.name = name;
    this.#send = send;
  }

  async ack(event: ReceivedEvent): Promise<SettlementOutcome> {
    return await this.#begun(this.#settlements.ack(event.position));
  }

  async nack(event: ReceivedEvent, options: NackOptions): Promise<SettlementOutcome> {
    return await this.#begun(this.#settlements.nack(event.position, options));
  }

  async extend(event: ReceivedEvent, deadlineMs: number): Promise<SettlementOutcome> {
    return await this.#begun(this.#settlements.extend(event.position, deadlineMs));
  }

  settledByCall(): void {
    // It keeps no leases that would be extended.
  }

  /** Resolves when everything said so far is answered. */
  async finished(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #begun(outcome: Promise<SettlementOutcome>): Promise<SettlementOutcome> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return await outcome;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#settlements.hasWaiting) {
        for (const settlement of this.#settlements.take()) {
          const { exceptions } = await this.#send(settlement);
          this.#settlements.verdicts({ throughNumber: settlement.number, exceptions });
        }
      }
    } catch {
      // An answer that never came: its outcome is `lost`, and the events come again.
      this.#settlements.abandon();
    }
  }
}
