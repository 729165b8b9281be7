import { credentials } from "@grpc/grpc-js";
import type {
  BatchResult,
  PublishAck,
  PublishOpened,
  PublishStreamRequest,
  PublishStreamResponse,
} from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { answerTask } from "../processes/child.js";
import type { PublishTask } from "./publish-task.js";
import { type PublishRate, RateMeter } from "./rate-meter.js";
import { SmokeFrames } from "./smoke-frames.js";

/** Publishes frames as fast as credits and the bound on frames in flight let it. */
class OpaquePublisher {
  readonly #task: PublishTask;
  readonly #frames: SmokeFrames;
  readonly #sizes = new Map<number, number>();
  #meter: RateMeter | undefined;
  #framesInFlightMax: number;
  #epoch = 0;
  #creditBytes = 0;
  #unackedBytes = 0;
  #next = 1;

  constructor(task: PublishTask) {
    this.#task = task;
    this.#frames = new SmokeFrames(task);
    this.#framesInFlightMax = task.framesInFlight;
  }

  run(): Promise<PublishRate> {
    const client = makeClient(services.publisher, {
      address: this.#task.address,
      credentials: credentials.createInsecure(),
    });
    const stream = client.publishStream();
    return new Promise<PublishRate>((resolve, reject) => {
      stream.on("error", (error) => reject(fromServiceError(error as never)));
      stream.on("data", ({ message }: PublishStreamResponse) => {
        try {
          if (message?.$case === "opened") this.#opened(message.value);
          if (message?.$case === "ack") this.#acked(message.value);
          const meter = this.#send((frame) => void stream.write(frame));
          if (meter !== undefined) resolve(meter.result());
        } catch (error) {
          reject(error);
        }
      });
      stream.write(this.#open());
    }).finally(() => {
      stream.end();
      client.close();
    });
  }

  #open(): PublishStreamRequest {
    const { producerId } = this.#frames;
    const value = { namespace: "", producerId, clientName: "bench", heartbeatMs: 0 };
    return { message: { $case: "open", value } };
  }

  #opened(opened: PublishOpened): void {
    this.#epoch = opened.producerEpoch;
    this.#creditBytes = Number(opened.creditBytes);
    this.#framesInFlightMax = Math.min(this.#framesInFlightMax, opened.framesInFlightMax);
    this.#meter = new RateMeter({
      warmUpMs: this.#task.warmUpMs,
      measureMs: this.#task.measureMs,
      frameEvents: this.#task.events,
      framePayloadBytes: this.#frames.payloadBytes,
    });
  }

  #acked({ throughFrame, results, creditBytes }: PublishAck): void {
    this.#creditBytes = Number(creditBytes);
    for (const result of results) checkStored(result);
    for (const [frame, size] of this.#sizes) {
      if (frame > throughFrame) break;
      this.#unackedBytes -= size;
      this.#sizes.delete(frame);
    }
    this.#meter?.ackedThrough(Number(throughFrame));
  }

  /** Sends what may be sent; answers the meter when the time is over and all is acknowledged. */
  #send(write: (frame: Buffer) => void): RateMeter | undefined {
    const meter = this.#meter;
    if (meter === undefined) return undefined;
    while (meter.isOpen && meter.inFlight < this.#framesInFlightMax) {
      const frame = this.#frames.frame(this.#next, this.#epoch);
      if (this.#unackedBytes + frame.length > this.#creditBytes && meter.inFlight > 0) break;
      this.#sizes.set(this.#next, frame.length);
      this.#unackedBytes += frame.length;
      meter.sent(this.#next);
      write(frame);
      this.#next += 1;
    }
    return meter.isOpen || meter.inFlight > 0 ? undefined : meter;
  }
}

function checkStored({ refusal, refused, duplicates }: BatchResult): void {
  if (refusal !== undefined) throw new Error(`a batch was refused: ${refusal.message}`);
  if (refused.length > 0 || duplicates.length > 0) throw new Error("events were not stored");
}

await answerTask((task: PublishTask) => new OpaquePublisher(task).run());
