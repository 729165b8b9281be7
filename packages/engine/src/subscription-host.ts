import {
  createSubscription,
  deleteSubscription,
  expireSubscription,
  noteIdle,
  parseTimerKey,
  type SubscriptionLeftovers,
} from "@opendxa/pubsub-core";
import {
  badRequest,
  PubSubError,
  type Settlement,
  type SettlementException,
  type SubscribeOpen,
  type Subscription,
  type SubscriptionSettings,
  type SubscriptionState,
  validateSubscriptionName,
} from "@opendxa/pubsub-protocol";
import type { ActiveSubscription } from "./active-subscription.js";
import type { AppliedEntry } from "./command-loop.js";
import type { Consumer, ConsumerSink, Created } from "./engine-api.js";
import { openStreamsMax } from "./limits.js";
import { pageSizeOf } from "./page.js";
import { type ResidentParts, ResidentSubscriptions } from "./resident-subscriptions.js";
import type { SeekResolver } from "./seek-resolver.js";

/** What the host works with. */
export interface SubscriptionHostParts extends ResidentParts {
  /** Times as sequences. */
  readonly resolver: SeekResolver;
}

/** Subscriptions of the namespace: creating, listing, joining, ending. */
export class SubscriptionHost {
  /** Those that somebody uses. */
  readonly resident: ResidentSubscriptions;
  readonly #parts: SubscriptionHostParts;
  readonly #ending = new Set<Promise<void>>();
  #nextConsumer = 1n;
  #nextEphemeral = 1;
  #consumers = 0;

  constructor(parts: SubscriptionHostParts) {
    this.#parts = parts;
    this.resident = new ResidentSubscriptions(parts);
  }

  /** Number of subscriptions. */
  get size(): number {
    return this.#parts.table.size;
  }

  /** Consumers joined now. */
  get consumers(): number {
    return this.#consumers;
  }

  /** Deletes what belonged to streams of an earlier start, and counts idle time from now on. */
  async start(): Promise<void> {
    for (const { subscription } of [...this.#parts.table.all()]) {
      const name = subscription?.name ?? "";
      if (subscription?.ephemeral === true) await this.#endEphemeral(name);
      else await this.#noteIdle(name);
    }
  }

  /** Creates a subscription or answers the existing one. */
  async create(name: string, settings: SubscriptionSettings): Promise<Created<Subscription>> {
    const existed = await this.#create(name, settings, false);
    return { value: await this.get(name), existed };
  }

  /** A subscription as it stands. Throws SUBSCRIPTION_NOT_FOUND. */
  async get(name: string): Promise<Subscription> {
    const [shown] = await this.#shown([this.resident.stateOf(name)]);
    return shown as Subscription;
  }

  /** A page of subscriptions by name. */
  async list(request: {
    readonly pageSize: number;
    readonly pageToken: string;
  }): Promise<{ subscriptions: Subscription[]; nextPageToken: string }> {
    const size = pageSizeOf(request.pageSize);
    const page: SubscriptionState[] = [];
    let nextPageToken = "";
    for (const state of this.#parts.table.after(request.pageToken)) {
      if (page.length === size) {
        nextPageToken = page.at(-1)?.subscription?.name ?? "";
        break;
      }
      page.push(state);
    }
    return { subscriptions: await this.#shown(page), nextPageToken };
  }

  /** Deletes a subscription and ends its consumers. */
  delete(name: string): Promise<void> {
    return this.resident.quiet(name, async () => {
      this.resident.stateOf(name);
      await this.resident.end(name, deletedError(name));
      const command = { name, ...(await this.#leftovers(name)) };
      await this.#parts.loop.runInternal(deleteSubscription, command);
    });
  }

  /** Joins a consumer; without a name, to a subscription that ends with it. */
  async join(open: SubscribeOpen, sink: ConsumerSink): Promise<Consumer> {
    if (this.#consumers >= openStreamsMax) {
      throw PubSubError.of("LIMIT_REACHED", `at most ${openStreamsMax} consumers`, {
        metadata: { field: "consumers", limit: openStreamsMax },
      });
    }
    const { subscription: asked, settings } = open;
    if (asked !== "") validateSubscriptionName(asked, "open.subscription");
    const name = asked === "" ? await this.#createEphemeral(settings) : asked;
    try {
      if (asked !== "" && settings !== undefined) await this.#create(name, settings, false);
      const consumer = await this.#joinNamed(name, open, sink);
      await this.#noteIdle(name);
      return consumer;
    } catch (error) {
      if (asked === "") await this.#endEphemeral(name);
      throw error;
    }
  }

  /** Settles by tokens alone. Throws SUBSCRIPTION_NOT_FOUND and LIMIT_EXCEEDED. */
  async settle(name: string, settlement: Settlement): Promise<SettlementException[]> {
    this.resident.stateOf(name);
    const { active, settling } = await this.resident.use(name, (used) => ({
      active: used,
      settling: used.settleByToken(settlement),
    }));
    try {
      return await settling;
    } finally {
      this.resident.dropWhenIdle(active);
    }
  }

  /** Fires timers of subscriptions, named by their state keys: those without consumers end. */
  async fire(names: readonly string[]): Promise<void> {
    for (const { id: name } of names.map(parseTimerKey)) {
      await this.resident.quiet(name, async () => {
        if (this.resident.running(name)?.consumers) return;
        await this.resident.end(name, deletedError(name));
        const command = { name, ...(await this.#leftovers(name)) };
        await this.#parts.loop.runInternal(expireSubscription, command);
      });
    }
  }

  /** Takes an entry that became durable. */
  onDurable(applied: AppliedEntry): void {
    this.#parts.cursors.follow(applied.entry);
    this.#parts.table.follow(applied.entry);
    this.resident.onDurable(applied);
  }

  /** Ends all consumers and resolves when their leases' ends are journalled. */
  async close(error: Error): Promise<void> {
    await this.resident.close(error);
    await Promise.all(this.#ending);
  }

  async #create(
    name: string,
    settings: SubscriptionSettings,
    isEphemeral: boolean,
  ): Promise<boolean> {
    const { loop, resolver } = this.#parts;
    const position = settings.start?.position;
    const isTimed = position?.$case === "timeUnixMs";
    const timeSequence = isTimed ? await resolver.atTime(position.value) : undefined;
    const command = { name, settings, isEphemeral, timeSequence };
    return (await loop.run(createSubscription, command)).existed;
  }

  async #createEphemeral(settings: SubscriptionSettings | undefined): Promise<string> {
    if (settings === undefined) {
      const rule = "must be set, or settings for a subscription that ends with the stream";
      throw badRequest("open.subscription", rule);
    }
    for (;;) {
      const name = `ephemeral:${this.#parts.startNumber}.${this.#nextEphemeral++}`;
      if (this.#parts.table.get(name) !== undefined) continue;
      if (!(await this.#create(name, settings, true))) return name;
    }
  }

  async #joinNamed(name: string, open: SubscribeOpen, sink: ConsumerSink): Promise<Consumer> {
    for (;;) {
      const subscription = await this.get(name);
      const joined = await this.resident.use(name, (active) => {
        // Moved while it was taken up: what was read is not what the consumer gets.
        const { epoch } = this.resident.stateOf(name).subscription ?? {};
        return epoch === subscription.epoch
          ? this.#joinActive(active, subscription, open, sink)
          : undefined;
      });
      if (joined !== undefined) return joined;
    }
  }

  #joinActive(
    active: ActiveSubscription,
    subscription: Subscription,
    open: SubscribeOpen,
    sink: ConsumerSink,
  ): Consumer {
    const { name } = active;
    const id = this.#nextConsumer++;
    let isOpen = true;
    const left = (): boolean => {
      if (!isOpen) return false;
      isOpen = false;
      this.#consumers--;
      this.#left(name);
      return true;
    };
    const watched: ConsumerSink = {
      deliver: (delivery) => sink.deliver(delivery),
      verdicts: (verdicts) => sink.verdicts(verdicts),
      notice: (notice) => sink.notice(notice),
      end: (error) => {
        left();
        sink.end(error);
      },
    };
    active.join(id, open.credit ?? { bytes: 0n, events: 0 }, watched);
    this.#consumers++;
    const close = (leave: (id: bigint) => void): void => {
      if (!left()) return;
      leave(id);
      this.resident.dropWhenIdle(active);
    };
    return {
      id,
      subscription: { ...subscription, consumers: active.consumers },
      credit: (more) => active.credit(id, more),
      settle: (settlement) => active.settle(id, settlement),
      resume: () => active.resume(id),
      close: () => close((each) => active.leave(each)),
      detach: () => close((each) => active.detach(each)),
    };
  }

  /** A consumer of a subscription is gone, by itself or because it was ended. */
  #left(name: string): void {
    const subscription = this.#parts.table.get(name)?.subscription;
    if (subscription?.ephemeral !== true && !subscription?.settings?.expiryMs) return;
    const ending = subscription.ephemeral ? this.#endEphemeral(name) : this.#noteIdle(name);
    const tracked: Promise<void> = ending
      // The journal failed, which the engine reports; the next start does what is left to do.
      .catch(() => undefined)
      .finally(() => this.#ending.delete(tracked));
    this.#ending.add(tracked);
  }

  async #endEphemeral(name: string): Promise<void> {
    if (this.#parts.table.get(name) !== undefined) await this.delete(name);
  }

  /** Journals whether a subscription that expires without consumers has some, if that is new. */
  async #noteIdle(name: string): Promise<void> {
    const state = this.#parts.table.get(name);
    if (!state?.subscription?.settings?.expiryMs) return;
    const hasConsumers = () => (this.resident.running(name)?.consumers ?? 0) > 0;
    await this.#parts.loop.runInternal(noteIdle, { name, hasConsumers });
  }

  async #leftovers(name: string): Promise<SubscriptionLeftovers> {
    const { table, positions } = this.#parts;
    const subscriptionId = table.get(name)?.subscriptionId ?? 0;
    return {
      exceptionSequences: await positions.exceptionSequences(subscriptionId),
      snapshots: table.snapshotsOf(subscriptionId),
    };
  }

  async #shown(states: readonly SubscriptionState[]): Promise<Subscription[]> {
    const positions = await this.#parts.positions.shown(states);
    return states.map(({ subscription }, i) => ({
      ...(subscription as Subscription),
      ...positions[i],
      consumers: this.resident.running(subscription?.name ?? "")?.consumers ?? 0,
    }));
  }
}

function deletedError(name: string): PubSubError {
  return PubSubError.of("SUBSCRIPTION_DELETED", `subscription ${name} was deleted`, {
    metadata: { subscription: name },
  });
}
