import { type BrokerProcess, startBroker } from "./broker-process.js";

/** Runs work with a broker on the folder, and stops it in order. */
export async function whileServing<T>(
  dataFolder: string,
  work: (broker: BrokerProcess) => Promise<T>,
): Promise<T> {
  const broker = await startBroker(dataFolder);
  try {
    return await work(broker);
  } finally {
    await broker.stop();
  }
}
