import { endOwned } from "./processes/owned-processes.js";

/**
 * Bounds work in time. Beyond the limit every child process is ended, which ends the work as well;
 * whatever it answers then is the limit's error.
 *
 * @throws Error that names the work and its limit
 */
export async function withTimeLimit<T>(
  name: string,
  limitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${name} took longer than its limit of ${limitMs / 1_000} s`));
      void endOwned();
    }, limitMs);
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
