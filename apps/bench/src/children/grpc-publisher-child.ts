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
import { PublishFrames } from "./publish-frames.js";
import type { PublishRate, PublishTask } from "./publish-task.js";
import { RateMeter } from "./rate-meter.js";

/** How often a paced publisher looks whether a frame is due, in milliseconds. */
const PACE_TICK_MS = 1;

/** Publishes frames as fast as its pace, its credits and the bound on frames in flight let it. */
class OpaquePublisher {
  readonly #task: PublishTask;
  readonly #frames: PublishFrames;
  readonly #sizes = new Map<number, number>();
  #meter: RateMeter | undefined;
  #framesInFlightMax: number;
  #epoch = 0;
  #creditBytes = 0;
  #unackedBytes = 0;
  #next = 1;

  constructor(task: PublishTask) {
    this.#task = task;
    this.#frames = new PublishFrames(task.shape);
    this.#framesInFlightMax = task.framesInFlight;
  }

  run(): Promise<PublishRate> {
    const client = makeClient(services.publisher, {
      address: this.#task.address,
      credentials: credentials.createInsecure(),
    });
    const stream = client.publishStream();
    let pace: NodeJS.Timeout | undefined;
    return new Promise<PublishRate>((resolve, reject) => {
      const send = () => {
        const meter = this.#send((frame) => void stream.write(frame));
        if (meter !== undefined) resolve(meter.result());
      };
      stream.on("error", (error) => reject(fromServiceError(error as never)));
      stream.on("data", ({ message }: PublishStreamResponse) => {
        try {
          if (message?.$case === "opened") this.#opened(message.value);
          if (message?.$case === "ack") this.#acked(message.value);
          send();
        } catch (error) {
          reject(error);
        }
      });
      if (this.#task.framesPerSecond !== undefined) pace = setInterval(send, PACE_TICK_MS);
      stream.write(this.#open());
    }).finally(() => {
      clearInterval(pace);
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
    const { shape } = this.#task;
    this.#epoch = opened.producerEpoch;
    this.#creditBytes = Number(opened.creditBytes);
    this.#framesInFlightMax = Math.min(this.#framesInFlightMax, opened.framesInFlightMax);
    this.#meter = new RateMeter({ ...this.#task, frameEvents: shape.batches * shape.events });
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

  /** Sends what may be sent; answers the meter when the end is reached and all is acknowledged. */
  #send(write: (frame: Buffer) => void): RateMeter | undefined {
    const meter = this.#meter;
    if (meter === undefined) return undefined;
    while (meter.isOpen && meter.isDue && meter.inFlight < this.#framesInFlightMax) {
      const frame = this.#frames.frame(this.#next, this.#epoch);
      const size = frame.bytes.length;
      if (this.#unackedBytes + size > this.#creditBytes && meter.inFlight > 0) break;
      this.#sizes.set(this.#next, size);
      this.#unackedBytes += size;
      meter.sent(this.#next, frame);
      write(frame.bytes);
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
