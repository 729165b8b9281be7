import type { Journal } from "@opendxa/pubsub-journal";
import { StartPosition, SubscribeOpen, SubscriptionSettings } from "@opendxa/pubsub-protocol";
import { Inbox, type Received, until, World } from "./world.js";

/** Name of the subscription. */
export const name = "learner";
/** From the first event on. */
export const start = StartPosition.create({ position: { $case: "earliest", value: true } });
/** Its topics. */
export const patterns = ["a", "b"];

/** A world with two topics, for a subscription on both. */
export class LearnerWorld extends World {
  /** Opens one. */
  static async opened(): Promise<LearnerWorld> {
    const world = new LearnerWorld();
    await world.open();
    for (const topic of patterns) await world.engine.createTopic(topic, undefined);
    return world;
  }

  /** Creates the subscription. */
  create(settings: Partial<SubscriptionSettings> = {}) {
    const all = SubscriptionSettings.create({ patterns, start, ...settings });
    return this.engine.createSubscription(name, all);
  }

  /** A consumer that so many events have come to. */
  async joined(count: number) {
    const inbox = new Inbox();
    const consumer = await this.join(name, inbox);
    await until(() => inbox.received.length >= count);
    return { inbox, consumer };
  }

  /** A consumer with credit for one event, which came. */
  async joinedForOne() {
    const inbox = new Inbox();
    const credit = { bytes: 1_000_000n, events: 1 };
    const open = SubscribeOpen.create({ subscription: name, credit });
    const consumer = await this.engine.subscribe(open, inbox);
    await until(() => inbox.received.length === 1);
    return { inbox, consumer };
  }

  /** Lets nobody read the journal until told to go on. */
  holdReads() {
    const journal = this.journal as Journal;
    const readOne = journal.readOne.bind(journal);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = { isHeld: false, goOn: () => release() };
    journal.readOne = async (sequence) => {
      held.isHeld = true;
      await released;
      return await readOne(sequence);
    };
    return held;
  }
}

/** The newest delivery of an event. */
export function one(inbox: Inbox, id: string): Received {
  const found = inbox.received.findLast((each) => each.id === id);
  if (found === undefined) throw new Error(`${id} did not come`);
  return found;
}
