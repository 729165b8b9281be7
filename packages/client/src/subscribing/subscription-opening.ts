import type { PubSubError, SubscribeRequest } from "@opendxa/pubsub-protocol";
import type { ResolvedSubscribe } from "./subscribe-options.js";

/**
 * First message of a subscription's streams. Once it was open, a named subscription is asked for by its
 * name alone: what an operator changed in its settings meanwhile must not end those who consume it. When
 * it is gone, because it was deleted or expired while there was no stream, it is created again.
 */
export class SubscriptionOpening {
  readonly #options: ResolvedSubscribe;
  readonly #namespace: string;
  #wasOpen = false;
  #isKnown = false;

  /** Of a subscription that was not opened yet. */
  constructor(options: ResolvedSubscribe, namespace: string) {
    this.#options = options;
    this.#namespace = namespace;
  }

  /** The message, with all credit. */
  message(): SubscribeRequest {
    const { subscription, settings, consumerName, creditBytes, creditEvents } = this.#options;
    return {
      message: {
        $case: "open",
        value: {
          namespace: this.#namespace,
          subscription,
          settings: this.#isKnown ? undefined : settings,
          consumerName,
          credit: { bytes: BigInt(creditBytes), events: creditEvents },
          heartbeatMs: 0,
        },
      },
    };
  }

  /** The broker has it. */
  opened(): void {
    this.#isKnown = this.#options.subscription !== "";
    this.#wasOpen = this.#isKnown;
  }

  /** Whether a stream that ended by an error is opened again, other than that said. */
  opensAgainAfter({ reason }: PubSubError): boolean {
    if (!this.#wasOpen || this.#options.settings === undefined) return false;
    const isGone = this.#isKnown && reason === "SUBSCRIPTION_NOT_FOUND";
    // Somebody else created it meanwhile, with other settings.
    const isThere = !this.#isKnown && reason === "SUBSCRIPTION_EXISTS";
    if (isGone || isThere) this.#isKnown = isThere;
    return isGone || isThere;
  }
}
