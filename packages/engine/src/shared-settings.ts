import { TopicSettings } from "@opendxa/pubsub-protocol";

/** Settings that several topics have alike, as one object. */
export interface SharedSettings {
  /** The settings; never changed. */
  readonly settings: TopicSettings | undefined;
}

interface Counted extends SharedSettings {
  readonly key: string;
  count: number;
}

/**
 * Keeps equal settings once, however many topics have them, and drops those that none has any more:
 * 100,000 topics differ in their names, seldom in their settings.
 */
export class SettingsPool {
  readonly #byKey = new Map<string, Counted>();

  /** Different settings that are held. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The one object of these settings; give it back when the topic has others. */
  take(settings: TopicSettings | undefined): SharedSettings {
    const key = settings === undefined ? "" : keyOf(settings);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.count += 1;
      return known;
    }
    const counted: Counted = { settings, key, count: 1 };
    this.#byKey.set(key, counted);
    return counted;
  }

  /** A topic does not have them any more. */
  giveBack(shared: SharedSettings): void {
    const counted = shared as Counted;
    counted.count -= 1;
    if (counted.count === 0) this.#byKey.delete(counted.key);
  }
}

/** Distinct settings are distinct bytes; the prefix tells empty ones from none. */
function keyOf(settings: TopicSettings): string {
  return `s${Buffer.from(TopicSettings.encode(settings).finish()).toString("latin1")}`;
}
