/** What a consumer process is asked to do until it is ended. */
export interface SubscribeTask {
  /** Host and port. */
  readonly address: string;
  /** Topic. */
  readonly topic: string;
  /** Name of the subscription, which is created. */
  readonly subscription: string;
  /** Order of its deliveries. */
  readonly order: "none" | "key";
}
