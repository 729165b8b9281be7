/** Why a webhook body cannot be used. */
export type ConnectorErrorReason = "body_too_large" | "bad_json" | "bad_shape" | "bad_settings";

/** What a {@link ConnectorError} says, as data. */
export interface ConnectorErrorDetails {
  /** The class of the error. */
  readonly reason: ConnectorErrorReason;
  /** Path of the offending field, `body` or a setting's name; shortened where hostile. */
  readonly field: string;
  /** The rule that was broken, with the limit where there is one. */
  readonly rule: string;
}

/** A body or a setting that a connector refuses; decide on {@link reason}, never on the message. */
export class ConnectorError extends Error implements ConnectorErrorDetails {
  /** The class of the error. */
  readonly reason: ConnectorErrorReason;
  /** Path of the offending field, `body` or a setting's name. */
  readonly field: string;
  /** The rule that was broken, with the limit where there is one. */
  readonly rule: string;

  /** Builds the error from its details; the message is derived from them. */
  constructor(details: ConnectorErrorDetails) {
    super(`${details.reason}: ${details.field}: ${details.rule}`);
    this.name = "ConnectorError";
    this.reason = details.reason;
    this.field = details.field;
    this.rule = details.rule;
  }
}
