import {
  type AckAndPublishResponse,
  encodeBatch,
  PublishFrame,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";
import type { SeededRandom } from "@opendxa/pubsub-simulated";
import type { RecordBody } from "../history/checker/record.js";
import type { ProcessHistory } from "./simulated-history.js";
import type { SimulatedTopic } from "./simulation-plan.js";

/** Names of a lease in a history's record. */
type Leased = Omit<Extract<RecordBody, { k: "ack" }>, "k">;

interface Output {
  readonly leased: Leased;
  readonly partition: number;
  readonly id: string;
}

/** What a consumer publishes in one step with acks, and what became of it. */
export class SimulatedOutputs {
  readonly #topic: SimulatedTopic;
  readonly #source: string;
  readonly #history: ProcessHistory;
  readonly #random: SeededRandom;
  readonly #unanswered = new Map<number, Output>();
  readonly #fault: (what: string) => void;
  #count = 0;

  constructor(parts: {
    readonly topic: SimulatedTopic;
    readonly source: string;
    readonly history: ProcessHistory;
    readonly random: SeededRandom;
    readonly fault: (what: string) => void;
  }) {
    this.#topic = parts.topic;
    this.#source = parts.source;
    this.#history = parts.history;
    this.#random = parts.random;
    this.#fault = parts.fault;
  }

  /** Notes both, and answers what is to be sent: the number of the request and what it stores. */
  begin(leased: Leased): { readonly number: number; readonly frame: PublishFrame } {
    this.#count += 1;
    const partition = this.#random.nextInt(0, this.#topic.partitions - 1);
    const output = { leased, partition, id: `${this.#source}-${this.#count}` };
    this.#unanswered.set(this.#count, output);
    const names = this.#names(output);
    this.#history.write({ k: "ack", ...leased, output: [names.topic, names.source, names.id] });
    this.#history.write({ k: "publish", ...names });
    const frame = PublishFrame.create({ batches: [this.#encode(output)] });
    return { number: this.#count, frame };
  }

  /** Notes what became of both: either all of it or nothing. */
  answered(number: number, { stale, results }: AckAndPublishResponse): void {
    const output = this.#unanswered.get(number);
    if (output === undefined) return;
    this.#unanswered.delete(number);
    const [result] = results;
    if (stale) this.#notDone(output, "stale");
    else if (result === undefined || result.refusal !== undefined || result.refused.length > 0) {
      // An output that is refused leaves its input leased: nothing may be said of the ack.
      this.#fault(`${this.#source}: an output was refused: ${result?.refusal?.message}`);
    } else {
      this.#history.write({ k: "verdict", ...output.leased, of: "ack", verdict: "settled" });
      const place = { partition: output.partition, offset: Number(result.baseOffset) };
      this.#history.write({ k: "acked", ...this.#names(output), ...place });
    }
  }

  /** The stream is over: no answer will come. */
  forget(): void {
    for (const output of this.#unanswered.values()) this.#notDone(output, "lost");
    this.#unanswered.clear();
  }

  #notDone(output: Output, verdict: "stale" | "lost"): void {
    const stored = verdict === "stale" ? "no" : "unknown";
    this.#history.write({ k: "verdict", ...output.leased, of: "ack", verdict });
    this.#history.write({ k: "failed", ...this.#names(output), stored, reason: verdict });
  }

  #names({ id }: Output) {
    return { topic: this.#topic.topic, source: this.#source, id };
  }

  #encode({ partition, id }: Output): RecordBatch {
    return encodeBatch({
      topic: this.#topic.topic,
      partition,
      events: [{ id, type: "simulated.output", data: Buffer.from("{}") }],
      defaults: { source: this.#source },
    });
  }
}
