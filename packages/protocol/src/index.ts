/**
 * Messages of the contract and of the storage format, without gRPC.
 *
 * @packageDocumentation
 */
export * from "./messages.js";
