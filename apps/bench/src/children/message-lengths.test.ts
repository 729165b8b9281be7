import { describe, expect, it } from "vitest";
import { MessageLengths, withPrefix } from "./message-lengths.js";

describe("MessageLengths", () => {
  it("counts messages however the stream is cut", () => {
    const messages = [0, 1, 300, 0, 70_000].map((length) => Buffer.alloc(length, 1));
    const stream = Buffer.concat(messages.map(withPrefix));
    for (const step of [1, 4, 5, 6, 7, 299, 16_384, stream.length]) {
      const lengths = new MessageLengths();
      let ended = 0;
      for (let at = 0; at < stream.length; at += step) {
        ended += lengths.push(stream.subarray(at, at + step));
      }
      expect(ended, `cut every ${step} bytes`).toBe(messages.length);
    }
  });

  it("does not count what has not ended", () => {
    const lengths = new MessageLengths();
    expect(lengths.push(withPrefix(Buffer.alloc(10)).subarray(0, 14))).toBe(0);
    expect(lengths.push(Buffer.alloc(1))).toBe(1);
  });
});
