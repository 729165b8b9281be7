import { tooManyWebhooks } from "../errors.js";

/** The webhooks that are being stored: bounded, and waited for by a door that closes. */
export class StoringWebhooks {
  readonly #countMax: number;
  readonly #requests = new Set<object>();
  #whenAnswered: () => void = () => undefined;

  /** Allows so many at a time. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Notes a request that is about to be stored. @throws PubSubError OVERLOADED */
  begin(request: object): void {
    if (this.#requests.size >= this.#countMax) throw tooManyWebhooks(this.#countMax);
    this.#requests.add(request);
  }

  /** Notes that a request was answered, whether it was stored or not. */
  answered(request: object): void {
    this.#requests.delete(request);
    if (this.#requests.size === 0) this.#whenAnswered();
  }

  /** Resolves when all that are being stored are answered; only the broker's grace bounds it. */
  allAnswered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#requests.size === 0) resolve();
      else this.#whenAnswered = resolve;
    });
  }
}
