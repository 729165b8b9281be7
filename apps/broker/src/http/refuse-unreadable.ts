import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { badRequest, PubSubError } from "@opendxa/pubsub-protocol";
import { BROKER_LIMITS } from "../limits.js";
import { errorBody } from "./error-body.js";

const BAD_REQUEST = 400;
const REQUEST_TIMEOUT = 408;
const HEADERS_TOO_LARGE = 431;

/**
 * Answers what is no readable request, for which Node knows no route: its own answer would have no
 * body of the contract.
 */
export function refuseUnreadable(
  fault: { readonly code?: string },
  socket: Socket,
  requestTimeoutMs: number,
): void {
  if (fault.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, error } = refusalOf(fault.code ?? "", requestTimeoutMs);
  const body = JSON.stringify(errorBody(error));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function refusalOf(code: string, requestTimeoutMs: number): { status: number; error: PubSubError } {
  switch (code) {
    case "HPE_HEADER_OVERFLOW": {
      const limit = BROKER_LIMITS.headerBytesMax;
      const error = PubSubError.of("LIMIT_EXCEEDED", `the headers have more than ${limit} bytes`, {
        metadata: { field: "headers", limit, size: `above ${limit}` },
      });
      return { status: HEADERS_TOO_LARGE, error };
    }
    case "ERR_HTTP_REQUEST_TIMEOUT": {
      const text = `the request did not arrive within ${requestTimeoutMs} ms`;
      return { status: REQUEST_TIMEOUT, error: PubSubError.of("TIMED_OUT", text) };
    }
    default:
      return {
        status: BAD_REQUEST,
        error: badRequest("request", `is not readable HTTP (${code})`),
      };
  }
}
