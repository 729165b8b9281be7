import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import {
  type BlockedKey,
  GetAccountingRequest,
  type GetAccountingResponse,
  ListBlockedKeysRequest,
  type ListBlockedKeysResponse,
  PauseSubscriptionRequest,
  ResumeSubscriptionRequest,
  SeekSubscriptionRequest,
  type SeekSubscriptionResponse,
  SkipEventsRequest,
  type SkipEventsResponse,
} from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { CALL_ATTEMPT_MS, CALL_TIMEOUT_MS } from "./limits.js";

type Done<T> = (error: Parameters<typeof fromServiceError>[0] | null, answer?: T) => void;

/** An answer, and whether an earlier attempt may have been carried out without one. */
export interface Answered<T> {
  /** The answer. */
  readonly answer: T;
  /** It took more than one attempt. */
  readonly wasRepeated: boolean;
}

/** What operators ask of subscriptions, repeated over kills of the broker until it answers. */
export class OperatorCalls {
  readonly #client: ReturnType<typeof makeClient<typeof services.subscription>>;

  readonly #timeoutMs: number;

  /**
   * @param address of the broker
   * @param killsMs how long it is killed again and again, in milliseconds
   */
  constructor(address: string, killsMs: number) {
    this.#timeoutMs = killsMs + CALL_TIMEOUT_MS;
    this.#client = makeClient(services.subscription, {
      address,
      credentials: credentials.createInsecure(),
      // A broker that was started again must be found at once.
      channel: { "grpc.max_reconnect_backoff_ms": 500 },
    });
  }

  /** Keys whose first event blocks the later ones: one page. */
  async blockedKeys(subscription: string): Promise<readonly BlockedKey[]> {
    const request = ListBlockedKeysRequest.fromPartial({ subscription });
    const { answer } = await this.#call<ListBlockedKeysResponse>((done) =>
      this.#client.listBlockedKeys(request, done),
    );
    return answer.keys;
  }

  /** Skips one event. */
  async skip(subscription: string, { sequence, index }: BlockedKey): Promise<Answered<number>> {
    const request = SkipEventsRequest.fromPartial({
      subscription,
      sequence,
      firstIndex: index,
      lastIndex: index,
    });
    const { answer, wasRepeated } = await this.#call<SkipEventsResponse>((done) =>
      this.#client.skipEvents(request, done),
    );
    return { answer: answer.skipped, wasRepeated };
  }

  /** Moves a subscription to the oldest stored events; answers its new epoch. */
  async seekToEarliest(name: string): Promise<number> {
    const request = SeekSubscriptionRequest.fromPartial({
      name,
      target: { $case: "position", value: { position: { $case: "earliest", value: true } } },
    });
    const { answer } = await this.#call<SeekSubscriptionResponse>((done) =>
      this.#client.seekSubscription(request, done),
    );
    return answer.subscription?.epoch ?? 0;
  }

  /** Stops dispatch. */
  async pause(name: string): Promise<void> {
    const request = PauseSubscriptionRequest.fromPartial({ name, reason: "by an operator" });
    await this.#call((done) => this.#client.pauseSubscription(request, done));
  }

  /** Lets dispatch go on. */
  async resume(name: string): Promise<void> {
    const request = ResumeSubscriptionRequest.fromPartial({ name });
    await this.#call((done) => this.#client.resumeSubscription(request, done));
  }

  /** Where every event of the subscription is. */
  async accounting(subscription: string): Promise<GetAccountingResponse> {
    const request = GetAccountingRequest.fromPartial({ subscription });
    return (
      await this.#call<GetAccountingResponse>((done) => this.#client.getAccounting(request, done))
    ).answer;
  }

  /** Disconnects. */
  close(): void {
    this.#client.close();
  }

  async #call<T>(send: (done: Done<T>) => unknown): Promise<Answered<T>> {
    const deadline = performance.now() + this.#timeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await new Promise<T>((resolve, reject) => {
          send((error, given) =>
            error === null ? resolve(given as T) : reject(fromServiceError(error)),
          );
        });
        return { answer, wasRepeated: attempt > 0 };
      } catch (caught) {
        const { retryable } = caught as ReturnType<typeof fromServiceError>;
        if (!retryable || performance.now() > deadline) throw caught;
        await sleep(CALL_ATTEMPT_MS);
      }
    }
  }
}
