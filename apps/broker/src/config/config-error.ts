/** The configuration cannot be used; the message is one sentence for the operator, without secrets. */
export class ConfigError extends Error {
  /** Path of the key at fault, such as `limits.connectionsMax`, where it is about one. */
  readonly key: string | undefined;

  /** Builds the error of a key. */
  constructor(message: string, key?: string) {
    super(message);
    this.name = "ConfigError";
    this.key = key;
  }
}
