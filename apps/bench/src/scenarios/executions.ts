import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ExecutionState } from "@opendxa/pubsub-protocol";
import { fromServiceError, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { withFolder } from "../bench-folder.js";
import { executionId, type Registered, type RegisterTask } from "../children/register-task.js";
import {
  EXECUTIONS_CHECKED,
  EXECUTIONS_DEFAULT,
  REGISTRATION_WAIT_MS,
  REGISTRATIONS_IN_FLIGHT,
  SCENARIO_LIMIT_MS,
} from "../limits.js";
import type { BrokerProcess } from "../processes/broker-process.js";
import type { BrokerReading } from "../processes/broker-reading.js";
import { runChild } from "../processes/child.js";
import { whileServing } from "../processes/while-serving.js";
import type { Result } from "../report/result.js";
import type { Scenario, ScenarioOptions } from "../scenario.js";

/** Resident memory in units of 1,000,000 bytes, from the table of requirements. */
const RESIDENT_MB_MOST = 300;

interface Measured {
  readonly count: number;
  readonly registered: Registered;
  readonly loaded: BrokerReading;
  readonly restarted: BrokerReading;
  readonly startMs: number;
}

/** Memory of a broker that holds a million open executions; their state must lie in the index. */
export const executions: Scenario = {
  name: "executions",
  limitMs: SCENARIO_LIMIT_MS,
  summary: "register 1 million executions (--count) and read the broker's resident memory",
  run: async (options) => {
    const count = options.count ?? EXECUTIONS_DEFAULT;
    return resultOf(await withFolder(options.folder, (folder) => run(folder, count, options)));
  },
};

async function run(folder: string, count: number, options: ScenarioOptions): Promise<Measured> {
  const dataFolder = join(folder, "data");
  const first = await whileServing(dataFolder, async (broker) => {
    const registered = await register(broker, count);
    options.progress(`registered ${count} in ${Math.round(registered.elapsedMs)} ms`);
    return { registered, loaded: await broker.read() };
  });
  return await whileServing(dataFolder, async (broker) => {
    await checkOpen(broker, count);
    options.progress("after a restart all that were asked for are open");
    return { count, ...first, restarted: await broker.read(), startMs: broker.startMs };
  });
}

function register({ address }: BrokerProcess, count: number): Promise<Registered> {
  return runChild<RegisterTask, Registered>({
    name: "register-executions-child",
    task: { address, count, inFlight: REGISTRATIONS_IN_FLIGHT },
    timeoutMs: REGISTRATION_WAIT_MS,
  });
}

/** Asks for executions spread over all: those that are gone would cost no memory. */
async function checkOpen({ address }: BrokerProcess, count: number): Promise<void> {
  const client = makeClient(services.feedback, {
    address,
    credentials: credentials.createInsecure(),
  });
  try {
    const asked = Math.min(EXECUTIONS_CHECKED, count);
    for (let index = 0; index < asked; index += 1) {
      const id = executionId(Math.floor((index * count) / asked));
      const state = await new Promise<ExecutionState | undefined>((resolve, reject) => {
        client.getExecution({ namespace: "", executionId: id }, (error, answer) =>
          error === null ? resolve(answer?.execution?.state) : reject(fromServiceError(error)),
        );
      });
      if (state !== ExecutionState.OPEN) throw new Error(`execution ${id} is not open: ${state}`);
    }
  } finally {
    client.close();
  }
}

function resultOf({ count, registered, loaded, restarted, startMs }: Measured): Result {
  const most = { at: "most", value: RESIDENT_MB_MOST } as const;
  const notes = [
    "Peak is the most that was resident at any time.",
    `After the restart ${Math.min(EXECUTIONS_CHECKED, count)} executions spread over all were asked for and were open.`,
  ];
  if (count !== EXECUTIONS_DEFAULT) {
    notes.push(`The requirement is about ${EXECUTIONS_DEFAULT} executions; this run had ${count}.`);
  }
  return {
    scenario: "executions",
    setting: { executions: count, keysPerExecution: 2, inFlight: REGISTRATIONS_IN_FLIGHT },
    figures: [
      {
        name: "broker's resident memory, peak",
        unit: "MB",
        values: [loaded.residentBytesPeak / 1e6],
        required: most,
      },
      {
        name: "broker's resident memory, all registered",
        unit: "MB",
        values: [loaded.residentBytes / 1e6],
      },
      {
        name: "the same after a restart, peak",
        unit: "MB",
        values: [restarted.residentBytesPeak / 1e6],
        required: most,
      },
      {
        name: "registrations, fsynced before the answer",
        unit: "1/s",
        values: [count / (registered.elapsedMs / 1_000)],
      },
      { name: "start to serving with all of them", unit: "ms", values: [startMs] },
    ],
    notes,
  };
}
