/** A promise that its caller may stop waiting for. */
export function abortable<T>(
  signal: AbortSignal | undefined,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  if (signal === undefined) return new Promise(begin);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const heard = () => signal.removeEventListener("abort", onAbort);
    begin(
      (value) => {
        heard();
        resolve(value);
      },
      (error) => {
        heard();
        reject(error);
      },
    );
  });
}
