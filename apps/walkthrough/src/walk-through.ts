import { randomUUID } from "node:crypto";
import { PubSubClient } from "@opendxa/pubsub-client";
import { type RunningBroker, startBroker } from "@opendxa/pubsub-testkit";
import { LearnerProcess, type Lesson } from "./learner-process.js";
import { postWebhook } from "./post-webhook.js";
import {
  loadRequest,
  requestsAfter,
  requestsBefore,
  type ScriptedRequest,
  secrets,
} from "./requests.js";
import { Tally } from "./tally.js";

const functionName = "detect_drift";
const executionId = "exec-7f3a";
const early = { executionId: "exec-prompt-1", functionName: "triage" };

/** One run of the story, and what it checks. */
class WalkThrough {
  readonly #began = performance.now();
  readonly #say: (line: string) => void;
  readonly #tally: Tally;
  readonly #broker: RunningBroker;
  readonly #client: PubSubClient;
  #expected = 0;

  constructor(broker: RunningBroker, client: PubSubClient, say: (line: string) => void) {
    this.#broker = broker;
    this.#client = client;
    this.#say = say;
    this.#tally = new Tally(say);
  }

  async run(): Promise<boolean> {
    const { address, startLine } = this.#broker;
    this.#tell(`a broker serves on ${address}, index ${startLine.index}, data folder fresh`);
    await this.#registerAndDetect();
    const onLesson = (language: string) => (lesson: Lesson) =>
      this.#tell(`${language} learner: ${lesson.feedback_type} for ${lesson.execution_id}`);
    const learners = await Promise.all([
      LearnerProcess.typescript(address, onLesson("TypeScript")),
      LearnerProcess.python(address, onLesson("Python")),
    ]);
    try {
      await this.#story(learners);
    } finally {
      for (const learner of learners) learner.stop();
    }
    this.#say(this.#tally.sum);
    return this.#tally.isClean;
  }

  async #story(learners: readonly LearnerProcess[]): Promise<void> {
    const wait = { waitId: `walk-through-${randomUUID()}` };
    const awaited = this.#client.awaitFeedback(early.executionId, wait);
    for (const request of requestsBefore) await this.#post(request);
    await Promise.all(learners.map((learner) => learner.learned(this.#expected)));
    const posting = this.#post(requestsAfter[0] as ScriptedRequest);
    this.#tell("SIGKILL to the broker, in the middle of it");
    await this.#broker.kill("SIGKILL");
    await this.#broker.restart();
    this.#tell(`the broker is back (start number ${this.#broker.startLine.start_number})`);
    await posting;
    for (const request of requestsAfter.slice(1)) await this.#post(request);
    const matched = await this.#client.registerExecution({
      ...early,
      correlationKeys: ["mlflow:prompt:triage-prompt/1"],
    });
    this.#tally.check(
      "feedback that came before its execution counts",
      matched.matchedPending === 1,
    );
    this.#expected += matched.matchedPending;
    const outcome = await awaited;
    this.#tally.check(
      "a wait begun before the crash ends with feedback",
      outcome.outcome === "feedback",
    );
    await Promise.all(learners.map((learner) => learner.learned(this.#expected)));
    await this.#hostile();
    await this.#judge(learners);
  }

  async #registerAndDetect(): Promise<void> {
    await this.#client.registerExecution({
      executionId,
      functionName,
      correlationKeys: [
        "mlflow:run:000e288eb6e9485c9e626c2af812d63e",
        `pagerduty:dedup:opendxa:${executionId}`,
      ],
    });
    this.#tell(`${functionName} ran: execution ${executionId} is registered with two keys`);
    const receipt = await this.#client.publish(`poet/functions/${functionName}/execution`, {
      type: "drift.detected",
      correlationId: executionId,
      json: {
        execution_id: executionId,
        function_name: functionName,
        model_name: "fraud-detector",
        feature_name: "amount",
        drift_score: 0.83,
        method: "ks_test",
        statistical_significance: 0.004,
        data_characteristics: { sample_size: "12000", data_type: "continuous" },
      },
    });
    this.#tell(`drift.detected is stored at offset ${receipt.offset}, fsynced`);
  }

  async #post(request: ScriptedRequest): Promise<void> {
    const post = await loadRequest(request, Date.now());
    const answer = await postWebhook(this.#broker.httpAddress, post);
    const fate = answer.pending ? "kept as pending" : `matched ${answer.matched}`;
    this.#tell(`${request.system} ${request.fixture}: ${request.meaning}`);
    const isAsExpected =
      answer.status === 200 &&
      answer.matched === request.feedback &&
      answer.pending === (request.pending ?? false);
    this.#tally.check(`answered ${answer.status}, ${fate}`, isAsExpected);
    this.#expected += request.feedback;
  }

  async #hostile(): Promise<void> {
    const [first] = requestsAfter;
    const post = await loadRequest(first as ScriptedRequest, Date.now());
    const again = await postWebhook(this.#broker.httpAddress, post);
    this.#tally.check("a repeated delivery is known and changes nothing", again.duplicate);
    const forged = { ...post, body: Buffer.concat([post.body, Buffer.from(" ")]) };
    const refused = await postWebhook(this.#broker.httpAddress, forged);
    this.#tally.check("a changed body is refused with 401", refused.status === 401);
  }

  async #judge(learners: readonly LearnerProcess[]): Promise<void> {
    const stored: string[] = [];
    for (const name of [functionName, early.functionName]) {
      for await (const event of this.#client.read(`poet/functions/${name}/feedback`)) {
        stored.push(event.id);
      }
    }
    const distinct = new Set(stored);
    this.#tally.check(
      `the log holds ${this.#expected} pieces of feedback, each once`,
      stored.length === this.#expected && distinct.size === stored.length,
    );
    for (const { language, lessons } of learners) {
      const learned = new Set(lessons.map(({ id }) => id));
      const isComplete = learned.size === distinct.size && stored.every((id) => learned.has(id));
      this.#tally.check(`the ${language} learner got every one of them and no other`, isComplete);
    }
    this.#say(`Everything of ${executionId}, by its correlation id:`);
    for await (const event of this.#client.eventsByCorrelationId(executionId)) {
      this.#say(`    ${event.topic} @${event.offset}  ${event.type}`);
    }
  }

  #tell(line: string): void {
    const seconds = ((performance.now() - this.#began) / 1_000).toFixed(2).padStart(6);
    this.#say(`${seconds} s  ${line}`);
  }
}

/** Runs the walk-through on a fresh data folder and free ports. Answers whether everything held. */
export async function walkThrough(say: (line: string) => void): Promise<boolean> {
  const broker = await startBroker({
    config: {
      ingress: [
        { system: "mlflow", name: "default", secrets: [secrets.mlflow] },
        { system: "pagerduty", name: "default", secrets: [secrets.pagerduty] },
      ],
    },
  });
  try {
    const client = await PubSubClient.connect({ address: broker.address, source: "/walkthrough" });
    try {
      return await new WalkThrough(broker, client, say).run();
    } finally {
      await client.close();
    }
  } finally {
    await broker.stop();
  }
}
