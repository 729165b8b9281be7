import { credentials } from "@grpc/grpc-js";
import { RegisterExecutionRequest } from "@opendxa/pubsub-protocol";
import {
  fromServiceError,
  makeClient,
  type ServiceClient,
  services,
} from "@opendxa/pubsub-protocol/grpc";
import { answerTask } from "../processes/child.js";
import { executionId, type Registered, type RegisterTask } from "./register-task.js";

type FeedbackClient = ServiceClient<typeof services.feedback>;

/** Registers one execution with two keys, as a POET function with an alert and a model run does. */
function register(client: FeedbackClient, number: number): Promise<void> {
  const id = executionId(number);
  const request = RegisterExecutionRequest.fromPartial({
    execution: {
      executionId: id,
      functionName: `detect_drift_${number % 100}`,
      version: "v1",
      correlationKeys: [`mlflow:run:${id}`, `pagerduty:dedup:${id}`],
    },
  });
  return new Promise((resolve, reject) => {
    client.registerExecution(request, (error) =>
      error === null ? resolve() : reject(fromServiceError(error)),
    );
  });
}

/** Registers all, with a bounded number unanswered: each lane waits for its answer. */
async function registerAll({ address, count, inFlight }: RegisterTask): Promise<Registered> {
  const client = makeClient(services.feedback, {
    address,
    credentials: credentials.createInsecure(),
  });
  const begin = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      await register(client, number);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane));
    return { elapsedMs: performance.now() - begin };
  } finally {
    client.close();
  }
}

await answerTask(registerAll);
