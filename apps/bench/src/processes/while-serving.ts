import { type BrokerProcess, startBroker } from "./broker-process.js";

/** Runs work with a broker on the folder, started with more flags, and stops it in order. */
export async function whileServing<T>(
  dataFolder: string,
  work: (broker: BrokerProcess) => Promise<T>,
  flags: readonly string[] = [],
): Promise<T> {
  const broker = await startBroker(dataFolder, flags);
  try {
    return await work(broker);
  } finally {
    await broker.stop();
  }
}
