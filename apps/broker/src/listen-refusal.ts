import { createServer } from "node:net";
import { type Address, formatAddress } from "./config/address.js";
import { EXIT_CODES, StartError } from "./exit-codes.js";

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: "this user may not listen on it",
  EADDRINUSE: "another process listens on it",
  EADDRNOTAVAIL: "this machine does not have it",
  ENOTFOUND: "its name is unknown",
};

/** Why an address cannot be listened on, in one sentence with the flag that names another. */
export async function listenRefusal(
  key: string,
  address: Address,
  error: unknown,
): Promise<StartError> {
  // grpc-js keeps the system's code to itself.
  const code = codeOf(error) ?? (await codeOfListening(address)) ?? "";
  const why = CAUSES[code] ?? (code === "" ? "the system refuses it" : `the system says ${code}`);
  const message =
    `The ${key} address ${formatAddress(address)} cannot be listened on, because ${why}: ` +
    `name another with --${key} (port 0 takes a free one).`;
  return new StartError(EXIT_CODES.ADDRESS_IN_USE, message, error);
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The system's own answer to the same wish; undefined where it has become possible meanwhile. */
function codeOfListening({ host, port }: Address): Promise<string | undefined> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", (error) => resolve(codeOf(error)));
    probe.listen({ host, port }, () => probe.close(() => resolve(undefined)));
  });
}
