/** Windows of both ends, in bytes: what the broker and its clients grow to. */
export const HTTP2_WINDOW_BYTES = 4 * 1024 * 1024;
/** Bytes of an ack: the number of frames received so far. */
export const HTTP2_ACK_BYTES = 8;
