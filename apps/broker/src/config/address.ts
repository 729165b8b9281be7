/** A network address of the configuration. */
export interface Address {
  /** Name or IP address, without brackets. */
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
}

/** Parts of a `host:port` that the schema accepted. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(text.slice(colon + 1)) };
}

/** Writes an address so that {@link parseAddress} reads it back. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
